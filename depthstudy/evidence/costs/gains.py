"""What each variant gains on the first, where variants differ in anything but depth."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from depthstudy import stats
from depthstudy.evidence.budgets import budget_ratio
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ALPHA, ErrorsByVariant, RunPanel, measure
from depthstudy.records import Gain, VariantInfo

_MOST = 12  # variants; of more, the first is no longer what all others are set against


def against_first(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    budgets: Mapping[str, float] | None = None,
) -> list[Gain]:
    """Returns the difference in test error of each variant to the first, and its price.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants, the first one first.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error to the number of images that it is counted on.
      budgets: Name of a variant to how many images one of its runs has seen.

    Returns:
      A row for each variant, whose interval is as wide as for that many differences to hold 95%
      together (Bonferroni); none in a study over depth, nor where variants are treated or pruned
      (which is set against other nets), nor where there are many.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    if not _applies(infos):
        return []
    tests = measure(summary, "test_error", predictions=predictions, images=images)
    seconds = summary.groupby("variant")["seconds"].mean()
    level = 1 - ALPHA / (len(infos) - 1)
    present = [info for info in infos if info.name in tests.arms]
    return [
        dataclasses.replace(
            _gain(info, infos[0], tests, seconds, level),
            budget_ratio=budget_ratio([(info.name, infos[0].name)], budgets or {}),
        )
        for info in present
    ]


def _applies(infos: Sequence[VariantInfo]) -> bool:
    depths: dict[str, set[int]] = {}
    for info in infos:
        depths.setdefault(info.group, set()).add(info.depth)
    return (
        1 < len(infos) <= _MOST
        and not any(info.treatment or info.dense for info in infos)
        and all(len(group_depths) == 1 for group_depths in depths.values())
    )


def _gain(
    info: VariantInfo, first: VariantInfo, tests: RunPanel, seconds: pd.Series, level: float
) -> Gain:
    known = first.name in tests.arms
    change = _change(info.name, first.name, tests, level)
    time = float(seconds[first.name]) if known else math.nan
    return Gain(
        variant=info.name,
        first=first.name,
        change=change.mean,
        low=change.low,
        high=change.high,
        seeds=change.seeds,
        macs=info.macs / first.macs,
        seconds=float(seconds[info.name]) / time if time else math.nan,
    )


def _change(name: str, first: str, tests: RunPanel, level: float) -> stats.Estimate:
    if name == first:
        return stats.Estimate(0.0, 0.0, 0.0, 0.0, tests.arms[name].seeds)
    if first not in tests.arms:
        return stats.interval([])
    return tests.difference(name, first).interval(level)
