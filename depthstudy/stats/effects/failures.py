"""Runs that failed, by a stated rule; they stay in every mean, and are named beside it."""

from __future__ import annotations

import numpy as np
from scipy import special

from depthstudy.stats.effects.arm import Arm

# A run is far outside when its odds of erring are ten times those of the median run, and its error
# is ten points more: both, since one error against ten on a good net is no failure.
ODDS, POINTS = 10.0, 0.1
NEAR_CHANCE = 0.95


def failed_runs(arm: Arm, chance: float | None = None) -> list[int]:
    """Returns the places of the runs of ``arm`` that failed.

    A run failed when its error is at least 95% of that of guessing (all of it where guessing is
    always wrong, as in detection), or when it is far outside the
    variant's others: ten points above their median error, and ten times the odds.

    >>> failed_runs(Arm(np.array([0.04, 0.05, 0.9]), fraction=True))
    [2]

    Args:
      arm: The runs of one variant, whose values are errors.
      chance: The error of guessing, ``1 - 1 / classes`` for balanced classes; ``None`` where this
        is not known.
    """
    if not arm.fraction or not arm.seeds:
        return []
    limit = 1.0 if chance is None or chance >= 1 else NEAR_CHANCE * chance
    failed = arm.values >= limit
    if arm.seeds >= 3:
        odds = special.logit(np.clip(arm.values, 1e-3, 1 - 1e-3))
        far = odds - np.median(odds) >= np.log(ODDS)
        failed |= far & (arm.values - np.median(arm.values) >= POINTS)
    return [int(place) for place in np.flatnonzero(failed)]


def unseen_failures(runs: int, level: float = 0.95) -> float:
    """Returns the greatest rate of failures that ``runs`` without one leave possible.

    >>> round(unseen_failures(3), 2), round(unseen_failures(20), 2)
    (0.63, 0.14)

    The exact upper bound of a binomial rate when none was seen (Clopper & Pearson 1934).
    """
    return 1 - (1 - level) ** (1 / runs) if runs else 1.0
