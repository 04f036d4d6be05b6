"""Statistics of paired seeds: what a handful of differences lets one say, and what it does not.

The input is one effect per seed, in the units of its metric, for example the test error of a plain
net minus that of its residual twin from the same seed. Effects of different seeds are taken to be
independent and about normal: Student's t (Student 1908, "The probable error of a mean").

Seeds that all agree have no spread to speak of; then a claim about them holds (p = 0) or does not
(p = 1), and their interval is a point. That is exact for what does not depend on the seed, such as
a number of parameters; for errors counted on a small test set it is optimistic.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from depthstudy.errors import InputError

# Metrics are fractions or larger numbers, so differences this small, relative to the larger of 1
# and the numbers themselves, come of rounding.
_ROUNDING = 1e-12


class Estimate(NamedTuple):
    """A mean effect over seeds, in units of the metric.

    Attributes:
      mean: Mean of the effects; NaN without seeds.
      low: Lower end of the confidence interval of the mean; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      spread: Standard deviation of the effects over seeds (n - 1); NaN with fewer than two seeds.
      seeds: Number of effects.
    """

    mean: float
    low: float
    high: float
    spread: float
    seeds: int


def by_seed(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Returns ``metric`` with a row for each seed and a column for each variant, NaN without a run.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``.
      metric: One of its numeric columns.

    Raises:
      InputError: A value is not finite, or a run stands in ``summary`` twice.
    """
    for row in summary[~np.isfinite(summary[metric].astype(float))].to_dict("records"):
        raise InputError(
            f"{metric} of variant {row['variant']!r}, seed {row['seed']} is {row[metric]}; "
            "a summary holds finite numbers only, also for a run that diverged"
        )
    for row in summary[summary.duplicated(["variant", "seed"])].to_dict("records"):
        raise InputError(f"the summary has variant {row['variant']!r}, seed {row['seed']} twice")
    return summary.pivot(index="seed", columns="variant", values=metric).astype(float)


def interval(effects: ArrayLike, level: float = 0.95) -> Estimate:
    """Returns the mean of ``effects[seeds]`` and its two-sided t-interval (Student 1908).

    Args:
      effects: One effect per seed.
      level: Confidence of the interval, in (0, 1).

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    values = _checked(effects)
    seeds = len(values)
    if seeds < 2:
        mean = float(values[0]) if seeds else math.nan
        return Estimate(mean, math.nan, math.nan, math.nan, seeds)
    mean, spread = float(values.mean()), _spread(values)
    half = float(special.stdtrit(seeds - 1, (1 + level) / 2)) * spread / math.sqrt(seeds)
    return Estimate(mean, mean - half, mean + half, spread, seeds)


def p_greater(effects: ArrayLike, boundary: float = 0.0) -> float:
    """Returns the p value of the one-sided t test that the mean effect exceeds ``boundary``.

    The null hypothesis is that it does not. NaN with fewer than two seeds.

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    values = _checked(effects)
    seeds = len(values)
    if seeds < 2:
        return math.nan
    distance, spread = float(values.mean()) - boundary, _spread(values)
    if spread == 0:
        return 0.0 if distance > _ROUNDING * max(1.0, abs(boundary)) else 1.0
    return float(special.stdtr(seeds - 1, -distance / (spread / math.sqrt(seeds))))


def p_less(effects: ArrayLike, boundary: float = 0.0) -> float:
    """Returns the p value of the one-sided t test that the mean effect is below ``boundary``.

    The null hypothesis is that it is not. NaN with fewer than two seeds.

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    return p_greater(-_checked(effects), -boundary)


def p_differs(effects: ArrayLike, boundary: float = 0.0) -> float:
    """Returns the p value of the two-sided t test that the mean effect is not ``boundary``.

    NaN with fewer than two seeds.

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    return two_sided(p_greater(effects, boundary), p_less(effects, boundary))


def p_equivalent(effects: ArrayLike, margin: float) -> float:
    """Returns the p value of the claim that the mean effect lies within ``margin`` of zero.

    Two one-sided tests (TOST; Schuirmann 1987): both ends must be excluded, so the larger of the
    two p values counts. NaN with fewer than two seeds.

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    return float(np.maximum(p_greater(effects, -margin), p_less(effects, margin)))


def p_beyond(effects: ArrayLike, margin: float) -> float:
    """Returns the one-sided p value of the claim that the mean effect is farther than ``margin``.

    It is the smaller of the p values of the two sides and so, like them, to be doubled by
    ``two_sided``: then an effect within the margin is called beyond it no more often than the
    level says. NaN with fewer than two seeds.

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    return float(np.minimum(p_greater(effects, margin), p_less(effects, -margin)))


def two_sided(p_one: float, p_other: float) -> float:
    """Returns the p value of finding either of two opposite claims; NaN if one of them is."""
    return float(np.minimum(1.0, 2 * np.minimum(p_one, p_other)))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Returns ``p_values[tests]`` adjusted so that one level holds for all of them together.

    The step-down method of Holm (1979), "A simple sequentially rejective multiple test procedure".

    Raises:
      ValueError: A p value is not finite, or ``p_values`` has not one dimension.
    """
    values = _checked(p_values)
    order = np.argsort(values)
    factors = np.arange(len(values), 0, -1)  # the least p value answers for all the tests
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * factors))
    return adjusted


def power(seeds: int, distance: float, spread: float, alpha: float) -> float:
    """Returns the chance that a one-sided t test finds the mean beyond a boundary.

    From the noncentral t distribution (Cohen 1988, chapter 2).

    Args:
      seeds: Number of effects, two or more.
      distance: How far the true mean lies beyond the boundary, in units of the metric.
      spread: Standard deviation of the effects, in the same units, above zero.
      alpha: Level of the test.
    """
    critical = special.stdtrit(seeds - 1, 1 - alpha)
    missed = special.nctdtr(seeds - 1, distance / spread * math.sqrt(seeds), critical)
    # Far from the boundary the chance of missing it underflows, which SciPy may tell as NaN.
    return 1.0 if math.isnan(missed) else 1.0 - float(missed)


def seeds_needed(
    distances: Sequence[float],
    spread: float,
    alpha: float,
    *,
    chance: float = 0.8,
    most: int = 1000,
) -> int | None:
    """Returns the least number of seeds at which one-sided t tests are likely to succeed.

    Several distances mean that all tests must succeed, as in TOST; their joint chance is bounded
    from below by the sum of the single ones (Bonferroni), which is close where it matters.

    Args:
      distances: How far the mean lies beyond each boundary, in units of the metric.
      spread: Standard deviation of the effects, in the same units.
      alpha: Level of each one-sided test.
      chance: Wanted chance that all tests succeed.
      most: Largest number of seeds that is worth naming.

    Returns:
      The number of seeds, at least two, or ``None`` where the mean lies on or behind a boundary or
      more than ``most`` seeds would be needed.
    """
    if min(distances) <= _ROUNDING:
        return None
    if spread == 0:
        return 2

    def joint(seeds: int) -> float:
        return 1 - sum(1 - power(seeds, distance, spread, alpha) for distance in distances)

    found = 2 + bisect.bisect_left(range(2, most + 1), chance, key=joint)
    return found if found <= most else None


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"expected one number per seed or test, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers, got {array.tolist()}")
    return array


def _spread(values: NDArray[np.float64]) -> float:
    """Returns the standard deviation of two or more values, exactly zero where they agree."""
    if np.ptp(values) <= _ROUNDING * max(1.0, float(np.abs(values).max())):
        return 0.0
    return float(values.std(ddof=1))
