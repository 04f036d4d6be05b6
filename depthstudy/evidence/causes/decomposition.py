"""Where the accuracy of a deeper net went: into optimization or into generalization.

Test error is train error plus the generalization gap. A net that is deeper than the best depth of
its group and errs more on the test set therefore does so because it fits the train set worse
(optimization, the degradation of He et al. 2015), because it generalizes worse, or both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from depthstudy import records, stats
from depthstudy.evidence.baseline import Baselines, no_better
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.metrics import to_choose_by
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS, ErrorsByVariant, RunPanel, measure
from depthstudy.records import Decomposition, VariantInfo

Part = Literal["total", "optimization", "generalization"]
MARGIN = 0.01  # an excess of less than one point is none


def decompose(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    baselines: Baselines | None = None,
    margin: float = MARGIN,
) -> list[Decomposition]:
    """Splits the excess test error of each net that is deeper than the best of its group.

    The best depth of a group is the one of least mean validation error over its seeds (test error,
    where nothing was held out), and the shallowest of those that tie within rounding. As it was
    chosen from all depths on the same runs, intervals are widened for the number of the others
    (Bonferroni).

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants; others are left out.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error, as ``"train_error"``, to the number of images that it is counted on;
        without it, runs that all err alike have no interval.
      baselines: Error of always naming the largest class, where it is known. Nothing is told of
        nets of which the best is no better.
      margin: The excess that is still none.

    Returns:
      Three rows (total, optimization, generalization) for each variant that is deeper than the best
      of its group, in the order of groups and then of depth; their effects add up.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    gaps = summary.assign(gap=summary["test_error"] - summary["train_error"])
    panels: dict[Part, RunPanel] = {
        "total": measure(summary, "test_error", predictions=predictions, images=images),
        "optimization": measure(summary, "train_error", images=images),
        "generalization": measure(gaps, "gap", predictions=predictions, images=images),
    }
    constant = no_better(summary, "test_error", baselines, images)
    rows: list[Decomposition] = []
    for group, deep, best, rivals in deeper_than_best(infos, summary):
        parts = _parts(group, deep, best, panels, 1 - ALPHA / rivals, margin)
        if best in constant:
            parts = (dataclasses.replace(row, word="cannot tell") for row in parts)
        rows.extend(parts)
    return rows


def deeper_than_best(
    infos: Sequence[VariantInfo], summary: pd.DataFrame
) -> Iterator[tuple[str, str, str, int]]:
    """Yields group, net that deepens the best one of it, this one, and the number of its rivals."""
    finished = {*summary["variant"]}
    known = {
        group: [info for info in series if info.name in finished]
        for group, series in records.depth_series(infos).items()
    }
    for group, series in known.items():
        best = best_depth([info.name for info in series], summary)
        for info in series:
            if info.deepens(next(other for other in series if other.name == best)):
                yield group, info.name, str(best), rivals(series, known.values())


def rivals(series: Sequence[VariantInfo], every: Iterable[Sequence[VariantInfo]]) -> int:
    """Returns with how many nets the others of a group are compared, in all series of it."""
    of_group = [other for other in every if other and other[0].group == series[0].group]
    return max(1, sum(len(other) - 1 for other in of_group))


def best_depth(ordered: Sequence[str], summary: pd.DataFrame) -> str | None:
    """Returns the first of ``ordered`` whose mean error is the least, within rounding.

    Args:
      ordered: Names of variants, the one to prefer first.
      summary: Finished runs, with their test errors, and validation errors where images were held
        out; then these choose.

    Returns:
      A name, or ``None`` where there are none.
    """
    if not ordered:
        return None
    runs = summary[summary["variant"].isin(ordered)]
    means = runs.groupby("variant")[to_choose_by(runs)].mean()[[*ordered]].to_numpy()
    return ordered[int(np.argmax(np.isclose(means, means.min(), rtol=1e-9, atol=0)))]


def _parts(
    group: str, name: str, best: str, panels: Mapping[Part, RunPanel], level: float, margin: float
) -> Iterator[Decomposition]:
    for part, panel in panels.items():
        effect = panel.difference(name, best).interval(level)
        yield Decomposition(
            group=group,
            variant=name,
            best=best,
            part=part,
            effect=effect.mean,
            low=effect.low,
            high=effect.high,
            seeds=effect.seeds,
            word=_word(effect, margin),
            scope=panel.scope([name, best]),
        )


def _word(effect: stats.Estimate, margin: float) -> str:
    if effect.seeds < LEAST_SEEDS:
        return "cannot tell"
    if effect.low > 0:
        return "excess"
    return "no excess" if effect.high < margin else "cannot tell"
