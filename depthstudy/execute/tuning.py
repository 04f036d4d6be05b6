"""Finds for each net the settings that it does best with, by as many trials for each.

What is tried next follows from what was tried (``evidence.choice.halving``); errors are of the
validation split, of seeds that no variant has. Trials lie in a folder of their own, so an
interrupted tuning goes on with those that are missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from depthstudy.config import Settings, StudyConfig
from depthstudy.errors import InputError
from depthstudy.evidence.choice import halving
from depthstudy.evidence.choice.halving import Fits, Results, Trial
from depthstudy.execute.training import Job, Session
from depthstudy.plan import Variant
from depthstudy.plan.follow_up import RATE, follow, in_words, trial, untreated
from depthstudy.records import TrialRow

TRIAL_SEED = 1_000  # of trials, and clear of those of variants


class Tuned(NamedTuple):
    """What was found for a variant.

    Attributes:
      settings: The best of those that were tried in full.
      edges: Fields whose best value is the least or greatest that was tried: not tuned.
      rows: All trials.
      rates: The learning rates that were tried.
    """

    settings: Settings
    edges: tuple[str, ...]
    rows: tuple[TrialRow, ...]
    rates: tuple[float, ...] = ()


def tune(session: Session, study: StudyConfig, variants: Sequence[Variant]) -> dict[str, Tuned]:
    """Returns what was found for each variant that is neither treated nor pruned, by name."""
    tunable = untreated(variants)
    if not study.tune:
        return {}
    results: dict[str, dict[Trial, float]] = {variant.name: {} for variant in tunable}
    fits = {variant.name: _fits(study, variant) for variant in tunable}
    extra = 0
    while True:
        pending = [
            (variant, one)
            for variant in tunable
            for one in halving.pending(study.tune, results[variant.name], extra, fits[variant.name])
        ]
        if pending:
            jobs = [_job(study, variant, one) for variant, one in pending]
            session.train(jobs)
            for (variant, one), job in zip(pending, jobs, strict=True):
                results[variant.name][one] = validation_error(session, job)
        elif extra < halving.MOST_EXTRA and any(
            halving.can_widen(study.tune, results[variant.name], fits[variant.name])
            for variant in tunable
        ):
            extra += 1
        else:
            break
    return {v.name: _tuned(study, v, results[v.name]) for v in tunable}


def is_trainable(make_job: Callable[[], Job]) -> bool:
    """Returns whether a job can be made, and its batches be put on the devices."""
    try:
        return make_job().placement is not None
    except InputError:
        return False


def _fits(study: StudyConfig, variant: Variant) -> Fits:
    return lambda settings: is_trainable(lambda: _job(study, variant, Trial(settings, Fraction(1))))


def _job(study: StudyConfig, variant: Variant, one: Trial) -> Job:
    follow_up = trial(variant, one.settings, float(one.share))
    seeds = tuple(range(TRIAL_SEED, TRIAL_SEED + study.tune_seeds))
    return Job(follow(variant, follow_up), seeds, follow_up)


def validation_error(session: Session, job: Job) -> float:
    """Returns the mean validation error of a trial; NaN where a run diverged."""
    outcomes = [session.store(job.variant, seed).read_outcome() for seed in job.seeds]
    metric = job.variant.config.metric
    errors = [
        None if outcome is None or outcome.diverged_at else outcome.error("validation", metric)
        for outcome in outcomes
    ]
    return sum(math.nan if error is None else error for error in errors) / len(errors)


def _tuned(study: StudyConfig, variant: Variant, results: Results) -> Tuned:
    best, grid = halving.best(study.tune, results), halving.points(study.tune)
    edges, chosen = halving.edges(best, results), Trial(best, Fraction(1))
    rows = tuple(
        TrialRow(
            variant=variant.name,
            trial=number,
            settings=in_words(one.settings),
            steps=_job(study, variant, one).variant.info.steps,
            seeds=study.tune_seeds,
            validation_error=error,
            chosen=one == chosen,
            beyond_grid=one.settings not in grid,
            at_edge=", ".join(edges) if one == chosen else "",
        )
        for number, (one, error) in enumerate(results.items(), start=1)
    )
    tried = {dict(one.settings).get(RATE) for one in results}
    rates = sorted(value for value in tried if isinstance(value, float | int))
    return Tuned(best, edges, rows, tuple(rates))
