"""Error against multiply-accumulates: which nets are worth what they cost.

A net is on the Pareto front if no other has both no more multiply-accumulates and no greater error.
Only nets of the most usual budget are on it: one that has seen more images errs less for that.
What lies on the front is told by means over seeds, so near ties may be chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from depthstudy.evidence.budgets import of_equal_budget
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ErrorsByVariant, measure
from depthstudy.records import ParetoPoint, VariantInfo


def points(
    summary: pd.DataFrame,
    infos: Sequence[VariantInfo],
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    budgets: Mapping[str, float] | None = None,
) -> list[ParetoPoint]:
    """Returns error and cost of each variant that has runs, and its place on the front.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error to the number of images that it is counted on.
      budgets: Name of a variant to how many images one of its runs has seen.

    Returns:
      A row for each variant with runs, in the order of ``infos``.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    tests = measure(summary, "test_error", predictions=predictions, images=images)
    present = [info for info in infos if info.name in tests.arms]
    errors = {info.name: tests.mean(info.name) for info in present}
    fair = of_equal_budget(present, budgets or {})
    on_front = front([(info.macs, errors[info.name].mean) for info in fair])
    places = {fair[index].name: place for place, index in enumerate(on_front, start=1)}
    return [
        ParetoPoint(
            variant=info.name,
            macs=info.macs,
            test_error=errors[info.name].mean,
            low=errors[info.name].low,
            high=errors[info.name].high,
            seeds=errors[info.name].seeds,
            place=places.get(info.name, 0),
            equal_budget=info in fair,
        )
        for info in present
    ]


def front(pairs: Sequence[tuple[float, float]]) -> list[int]:
    """Returns which pairs of a cost and an error no other beats, by rising cost.

    Of equal pairs the first is on the front.

    >>> front([(2, 0.1), (1, 0.3), (3, 0.2), (1, 0.3)])
    [1, 0]
    """
    best: list[int] = []
    for index in sorted(range(len(pairs)), key=lambda index: pairs[index]):
        if not best or pairs[index][1] < pairs[best[-1]][1]:
            best.append(index)
    return best
