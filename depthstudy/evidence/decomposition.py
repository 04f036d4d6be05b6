"""Where the accuracy of a deeper net went: into optimization or into generalization.

Test error is train error plus the generalization gap. A net that is deeper than the best depth of
its group and errs more on the test set therefore does so because it fits the train set worse
(optimization, the degradation of He et al. 2015), because it generalizes worse, or both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from depthstudy import stats
from depthstudy.records import Decomposition

Part = Literal["total", "optimization", "generalization"]


def decompose(
    summary: pd.DataFrame, groups: Mapping[str, str], depths: Mapping[str, int]
) -> list[Decomposition]:
    """Splits the excess test error of each net that is deeper than the best of its group.

    The best depth of a group is the one of least mean test error over its seeds, and the shallowest
    of those that tie within rounding. Variants are compared with it on the seeds that both have, by
    a 95% t-interval (Student 1908). The intervals do not allow for the best depth having been
    chosen on the same seeds, which makes the excess of a deeper net look a little larger.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      groups: Name of a variant to the name of its group; other variants are left out.
      depths: Name of a variant to its weight layers on the longest path.

    Returns:
      Three rows (total, optimization, generalization) for each variant that is deeper than the best
      of its group, in the order of groups and then of depth; their effects add up.

    Raises:
      KeyError: A variant has a group but no depth.
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    tests = stats.by_seed(summary, "test_error")
    trains = stats.by_seed(summary, "train_error")
    rows: list[Decomposition] = []
    for group in dict.fromkeys(groups.values()):
        names = [name for name in groups if groups[name] == group and name in tests.columns]
        ordered = sorted(names, key=lambda name: depths[name])
        best = best_depth(ordered, tests)
        for name in ordered:
            if best is not None and depths[name] > depths[best]:
                rows.extend(_parts(group, name, best, tests, trains))
    return rows


def best_depth(ordered: Sequence[str], tests: pd.DataFrame) -> str | None:
    """Returns the first of ``ordered`` whose mean test error is the least, within rounding.

    Args:
      ordered: Names of variants, the one to prefer first.
      tests: Test errors with a row for each seed and a column for each variant.

    Returns:
      A name, or ``None`` where there are none.
    """
    if not ordered:
        return None
    means = tests[list(ordered)].mean().to_numpy()
    return ordered[int(np.argmax(np.isclose(means, means.min(), rtol=1e-9, atol=0)))]


def _parts(
    group: str, name: str, best: str, tests: pd.DataFrame, trains: pd.DataFrame
) -> Iterator[Decomposition]:
    paired = (tests[name] - tests[best]).notna()
    total = (tests[name] - tests[best])[paired].to_numpy()
    optimization = (trains[name] - trains[best])[paired].to_numpy()
    parts: tuple[tuple[Part, np.ndarray], ...] = (
        ("total", total),
        ("optimization", optimization),
        ("generalization", total - optimization),
    )
    for part, effects in parts:
        mean, low, high, _, seeds = stats.interval(effects)
        yield Decomposition(
            group=group,
            variant=name,
            best=best,
            part=part,
            effect=mean,
            low=low,
            high=high,
            seeds=seeds,
        )
