"""The generalization gap at matched train loss: which depth overfits when all have learned as much?

The gap at the end of training favors nets that were trained badly: one that has learned nothing
has none. So the variants of a group are looked at when each has learned as much as the worst of
them ends up with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from depthstudy import stats
from depthstudy.records import MatchedGap, Record


class Evaluation(NamedTuple):
    """A net at one step: its train loss in nats, and its test error minus its train error."""

    step: int
    train_loss: float
    gap: float


Runs = dict[int, list[Evaluation]]  # the evaluations of a variant by seed, in the order of steps


def gaps(rows: Iterable[Record], groups: Mapping[str, str]) -> list[MatchedGap]:
    """Returns the gap of each variant at the train loss that the worst of its group ends at.

    Variants are compared on the seeds that all of them have. A run that diverged is none, as it
    has no train loss in the end. Between two evaluations nothing is known, so a net is looked at
    at the first evaluation where its loss is at the level or below it.

    Args:
      rows: What was measured in training.
      groups: Name of a variant to the name of its group.

    Returns:
      A row for each variant of a group that has several with runs, in the order of ``groups``.
    """
    found = _evaluations(rows)
    return [
        gap
        for group in dict.fromkeys(groups.values())
        for gap in _of_group(
            group, {name: found[name] for name in groups if groups[name] == group and name in found}
        )
    ]


def _of_group(group: str, variants: Mapping[str, Runs]) -> Iterator[MatchedGap]:
    seeds = sorted(set.intersection(*map(set, variants.values()))) if len(variants) > 1 else []
    levels = [max(runs[seed][-1].train_loss for runs in variants.values()) for seed in seeds]
    for name, runs in variants.items() if seeds else ():
        places = [_first(runs[seed], level) for seed, level in zip(seeds, levels, strict=True)]
        gap = stats.interval([place.gap for place in places])
        yield MatchedGap(
            group=group,
            variant=name,
            level=float(np.mean(levels)),
            train_loss=float(np.mean([place.train_loss for place in places])),
            step=float(np.mean([place.step for place in places])),
            gap=gap.mean,
            low=gap.low,
            high=gap.high,
            seeds=gap.seeds,
        )


def _first(evaluations: Sequence[Evaluation], level: float) -> Evaluation:
    return next(found for found in evaluations if found.train_loss <= level)


def _evaluations(rows: Iterable[Record]) -> dict[str, Runs]:
    """Returns the evaluations with a finite loss, of the runs that end with one."""
    metrics: dict[tuple[str, int], dict[int, dict[str, float]]] = {}
    diverged = set()
    for row in rows:
        if row.metric == "diverged_at_step":
            diverged.add((row.variant, row.seed))
        if row.probe == "evaluation":
            steps = metrics.setdefault((row.variant, row.seed), {})
            steps.setdefault(row.step, {})[row.metric] = row.value
    found: dict[str, Runs] = {}
    for (variant, seed), steps in metrics.items():
        if (variant, seed) not in diverged and "train_loss" in steps[max(steps)]:
            found.setdefault(variant, {})[seed] = [
                Evaluation(step, at["train_loss"], at[_new(at)] - at["train_error"])
                for step, at in sorted(steps.items())
                if "train_loss" in at and _new(at) in at
            ]
    return {name: runs for name, runs in found.items() if all(runs.values())}


def _new(metrics: Mapping[str, float]) -> str:
    """Returns the error on new images that is known while training; once the test error was."""
    return "validation_error" if "validation_error" in metrics else "test_error"
