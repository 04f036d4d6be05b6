"""The generalization gap at matched train loss: which depth overfits when all have learned as much?

The gap at the end of training favors nets that were trained badly: one that has learned nothing
has none. So the variants of a group are looked at when each has learned as much as the worst of
them ends up with. Between two evaluations the loss falls about exponentially, so the gap at the
level is interpolated in the logarithm of the loss. A variant whose first evaluation is below the
level already cannot be matched, and its row says so. New images are those of the validation split,
as test images are looked at in the end only; errors are plain shares, in balanced studies too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from depthstudy import stats
from depthstudy.records import MatchedGap, Record


class Evaluation(NamedTuple):
    """A net at one step: its train loss in nats, and its gap, of errors on new and train images."""

    step: float
    train_loss: float
    gap: float


_LEAST_LOSS = 1e-8  # nats; a loss of zero has no logarithm

Runs = dict[int, list[Evaluation]]  # the evaluations of a variant by seed, in the order of steps


def gaps(rows: Iterable[Record], groups: Mapping[str, str]) -> list[MatchedGap]:
    """Returns the gap of each variant at the train loss that the worst of its group ends at.

    Variants are compared on the seeds that all of them have. A run that diverged is none, as it
    has no train loss in the end.

    Args:
      rows: What was measured in training.
      groups: Name of a variant to the name of its group.

    Returns:
      A row for each variant of a group that has several with runs, in the order of ``groups``.
    """
    evaluations = _evaluations(rows)
    return [
        gap
        for group in dict.fromkeys(groups.values())
        for gap in _of_group(
            group,
            {n: evaluations[n] for n in groups if groups[n] == group and n in evaluations},
        )
    ]


def _of_group(group: str, variants: Mapping[str, Runs]) -> Iterator[MatchedGap]:
    seeds = sorted(set.intersection(*map(set, variants.values()))) if len(variants) > 1 else []
    levels = [max(runs[seed][-1].train_loss for runs in variants.values()) for seed in seeds]
    for name, runs in variants.items() if seeds else ():
        places = [_passing(runs[seed], level) for seed, level in zip(seeds, levels, strict=True)]
        matched = all(place is not None for place in places)
        firsts = [runs[seed][0] for seed in seeds]
        looked = [place or first for place, first in zip(places, firsts, strict=True)]
        gap = stats.interval([place.gap for place in looked])
        yield MatchedGap(
            group=group,
            variant=name,
            level=_geometric_mean(levels),
            train_loss=_geometric_mean([place.train_loss for place in looked]),
            step=float(np.mean([place.step for place in looked])),
            gap=gap.mean if matched else math.nan,
            low=gap.low if matched else math.nan,
            high=gap.high if matched else math.nan,
            seeds=gap.seeds,
            matched=matched,
        )


def _passing(evaluations: Sequence[Evaluation], level: float) -> Evaluation | None:
    """Returns the net where its loss first passes ``level``; ``None`` if it began below."""
    place = next(k for k, at in enumerate(evaluations) if at.train_loss <= level)
    after = evaluations[place]
    if math.isclose(after.train_loss, level, rel_tol=1e-9):
        return after
    if place == 0:
        return None
    before = evaluations[place - 1]
    loss, least = max(after.train_loss, _LEAST_LOSS), max(level, _LEAST_LOSS)
    share = math.log(before.train_loss / least) / math.log(before.train_loss / loss)
    step, gap = (
        (1 - share) * early + share * late
        for early, late in ((before.step, after.step), (before.gap, after.gap))
    )
    return Evaluation(step, level, gap)


def _geometric_mean(losses: Sequence[float]) -> float:
    return math.exp(float(np.mean(np.log(np.maximum(losses, _LEAST_LOSS)))))


def _evaluations(rows: Iterable[Record]) -> dict[str, Runs]:
    """Returns the evaluations with a finite loss, of the runs that end with one.

    A run that was not evaluated on new images while it trained, as nothing is held out, has none.
    """
    metrics: dict[tuple[str, int], dict[int, dict[str, float]]] = {}
    diverged = set()
    for row in rows:
        if row.metric == "diverged_at_step":
            diverged.add((row.variant, row.seed))
        if row.probe == "evaluation":
            steps = metrics.setdefault((row.variant, row.seed), {})
            steps.setdefault(row.step, {})[row.metric] = row.value
    runs: dict[str, Runs] = {}
    for (variant, seed), steps in metrics.items():
        looks = {step: at for step, at in sorted(steps.items()) if "train_loss" in at}
        ends_with_one = (variant, seed) not in diverged and max(steps) in looks
        if ends_with_one and all(_new(at) in at for at in looks.values()):
            runs.setdefault(variant, {})[seed] = [
                Evaluation(step, at["train_loss"], at[_new(at)] - at["train_error"])
                for step, at in looks.items()
            ]
    return runs


def _new(metrics: Mapping[str, float]) -> str:
    """Returns the error on new images that is known while training; once the test error was."""
    return "validation_error" if "validation_error" in metrics else "test_error"
