"""Trains longer what a deeper net has not learned in its steps, until it has or factors run out.

A net that does not fit what a shallower one of its group fits may be worse, or may need more steps.
Only a longer training tells. The net that fits best is trained as long, so that equals are
compared.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence

from depthstudy.config import StudyConfig
from depthstudy.execute.training import Job, Session
from depthstudy.execute.tuning import Tuned
from depthstudy.plan import Variant, pools
from depthstudy.plan.follow_up import FollowUp, follow, longer
from depthstudy.records import BudgetRow

SEEDS = 2  # of each longer training: enough to see whether it fits, not for a verdict
FITS = 0.01  # train error over that of the net that fits best that is no failure to fit


def check_budgets(
    session: Session,
    study: StudyConfig,
    variants: Sequence[Variant],
    tuned: Mapping[str, Tuned],
) -> tuple[list[Variant], list[BudgetRow]]:
    """Returns the variants that were trained longer, and what came of it.

    Args:
      session: Trains them.
      study: The config; ``budget_check`` holds the factors.
      variants: Whose runs are done.
      tuned: The settings that were found for variants, by name.
    """
    longest: dict[str, Variant] = {}
    rows: list[BudgetRow] = []
    seeds = tuple(range(min(SEEDS, study.seeds)))

    def error(variant: Variant) -> float:
        outcomes = [session.store(variant, seed).read_outcome() for seed in seeds]
        return statistics.fmean(outcome.train_error for outcome in outcomes if outcome)

    open_cases = _misfits([v for v in variants if not pools.is_partial(study, v)], error)
    for factor in study.budget_check:
        if not open_cases:
            break
        bases = dict.fromkeys(v for pair in open_cases for v in pair)
        jobs = {base: _job(base, factor, tuned, seeds) for base in bases}
        session.train(list(jobs.values()))
        still_open = []
        for deep, best in open_cases:
            excess = error(jobs[deep].variant) - error(jobs[best].variant)
            longest[deep.name], longest[best.name] = jobs[deep].variant, jobs[best].variant
            rows.append(
                BudgetRow(
                    variant=deep.name,
                    reference=best.name,
                    factor=factor,
                    steps=jobs[deep].variant.info.steps,
                    seeds=len(seeds),
                    excess_before=error(deep) - error(best),
                    train_error=error(jobs[deep].variant),
                    excess=excess,
                    settled=excess <= FITS,
                )
            )
            still_open += [] if excess <= FITS else [(deep, best)]
        open_cases = still_open
    return list(longest.values()), rows


def _job(base: Variant, factor: int, tuned: Mapping[str, Tuned], seeds: tuple[int, ...]) -> Job:
    settings = tuned[base.name].settings if base.name in tuned else ()
    follow_up: FollowUp = longer(base, factor, settings)
    variant = follow(base, follow_up)
    return Job(dataclasses.replace(variant, seeds=len(seeds)), seeds, follow_up)


def _misfits(
    variants: Sequence[Variant], error: Callable[[Variant], float]
) -> list[tuple[Variant, Variant]]:
    """Returns the nets that fit worse than a shallower one of their group, with the best of it."""
    pairs = []
    plain = [v for v in variants if not (v.is_pruned or v.info.treatment or v.info.same_as)]
    for group in dict.fromkeys(variant.info.group for variant in plain):
        members = [variant for variant in plain if variant.info.group == group]
        best = min(members, key=lambda v: (error(v), v.info.depth))
        pairs += [
            (deep, best)
            for deep in members
            if deep.info.depth > best.info.depth and error(deep) > error(best) + FITS
        ]
    return pairs
