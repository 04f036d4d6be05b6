"""How many seeds, or images, would settle a question (Cohen 1988, chapter 2)."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from depthstudy.stats.effects.arm import ROUNDING
from depthstudy.stats.effects.contrast import Contrast

_MOST_IMAGES = 1_000_000  # which nobody gathers to tell two nets apart


class Outlook(NamedTuple):
    """What would settle a claim, at the effect that was seen.

    Attributes:
      seeds: Seeds that would, at the spread that was seen; ``None`` where no number up to
        1,000 would.
      low: The same at the lower end of the spread's 80% interval.
      high: The same at its upper end; ``None`` beyond the most that is worth naming.
      images: Test images that it takes, where seeds alone cannot settle it; ``None`` elsewhere, and
        beyond a million.
    """

    seeds: int | None
    low: int | None
    high: int | None
    images: int | None


def power(
    seeds: int, distance: float, spread: float, alpha: float, *, images: float = 0.0, arms: int = 1
) -> float:
    """Returns the chance that a one-sided t test shows the mean beyond a boundary.

    Args:
      seeds: Number of runs of each arm.
      distance: How far the true mean lies beyond the boundary, in units of the metric.
      spread: Standard deviation over seeds of the effect, in the same units, above zero.
      alpha: Level of the test.
      images: Variance that the choice of images adds, whatever the number of seeds.
      arms: Number of arms whose spreads are estimated.
    """
    by_seed = spread**2 / seeds
    error = math.sqrt(by_seed + images)
    # Images are so many that only the degrees of freedom of the seeds count (Satterthwaite).
    degrees = arms * (seeds - 1) * ((by_seed + images) / by_seed) ** 2
    critical = special.stdtrit(degrees, 1 - alpha)
    missed = special.nctdtr(degrees, distance / error, critical)
    # Far from the boundary the chance of missing it underflows, which SciPy may give as NaN.
    return 1.0 if math.isnan(missed) else 1.0 - float(missed)


def seeds_needed(
    distances: Sequence[float],
    spread: float,
    alpha: float,
    *,
    chance: float = 0.8,
    most: int = 1000,
    images: float = 0.0,
    arms: int = 1,
) -> int | None:
    """Returns the least number of seeds at which one-sided t tests are likely to succeed.

    Several distances mean that all tests must succeed, as in TOST; their joint chance is bounded
    from below by the sum of the single ones (Bonferroni), which is close where it matters.

    >>> seeds_needed([0.01], 0.02, 0.025)
    34

    Args:
      distances: How far the mean lies beyond each boundary, in units of the metric.
      spread: Standard deviation of the effect over seeds, in the same units.
      alpha: Level of each one-sided test.
      chance: Wanted chance that all tests succeed.
      most: Largest number of seeds that is worth naming.
      images: Variance that the choice of images adds, whatever the number of seeds.
      arms: Number of arms whose spreads are estimated.

    Returns:
      The number of seeds, at least two, or ``None`` where the mean lies on or behind a boundary or
      more than ``most`` seeds would be needed.
    """
    if min(distances) <= ROUNDING:
        return None
    if spread == 0 and images == 0:
        return 2
    spread = max(spread, ROUNDING)

    def joint(seeds: int) -> float:
        chances = (power(seeds, d, spread, alpha, images=images, arms=arms) for d in distances)
        return 1 - sum(1 - one for one in chances)

    needed = 2 + bisect.bisect_left(range(2, most + 1), chance, key=joint)
    return needed if needed <= most else None


def outlook(
    effect: Contrast,
    distances: Sequence[float],
    alpha: float,
    *,
    image_count: int | None = None,
    chance: float = 0.8,
) -> Outlook:
    """Returns how many seeds, as a range, or how many images would settle what is open.

    Three seeds give a spread that may be half or four times the true one; the range is that of the
    spread's 80% interval (chi-square).

    Args:
      effect: What was seen.
      distances: How far its mean lies beyond each boundary that must be passed.
      alpha: Level of each one-sided test.
      image_count: Number of test images, where images are a source of chance.
      chance: Wanted chance.
    """
    if not bool(effect.decidable) or effect.exact or min(distances) <= ROUNDING:
        return Outlook(None, None, None, None)
    spread = math.sqrt(
        max(0.0, float((effect.weights**2 * effect.errors**2).sum() - effect.residual))
        * effect.seeds
    )
    images, degrees = float(effect.images), float(effect.degrees)
    arms = int(np.count_nonzero(effect.errors))
    if image_count and images > 0:
        reach = (special.ndtri(1 - alpha) + special.ndtri(chance)) ** 2 * images
        if reach >= min(distances) ** 2:
            count = math.ceil(image_count * reach / min(distances) ** 2)
            return Outlook(None, None, None, count if count <= _MOST_IMAGES else None)
    factors = (1.0, degrees / special.chdtri(degrees, 0.1), degrees / special.chdtri(degrees, 0.9))
    needed = (
        seeds_needed(
            distances, spread * math.sqrt(f), alpha, chance=chance, images=images, arms=arms
        )
        for f in factors
    )
    # What so many seeds have left open takes one more at least.
    seeds, low, high = (None if n is None else max(n, effect.seeds + 1) for n in needed)
    return Outlook(seeds, low, high, None)
