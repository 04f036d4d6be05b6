"""Numbers laid out by seed, and their t interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from depthstudy.errors import InputError
from depthstudy.stats.effects.arm import Arm
from depthstudy.stats.effects.estimate import Estimate
from depthstudy.stats.effects.from_arms import contrast


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


def interval(effects: ArrayLike, level: float = 0.95, *, exact: bool = False) -> Estimate:
    """Returns the mean of ``effects[seeds]`` and its two-sided t interval (Student 1908).

    >>> mean, low, high, spread, seeds = interval([0.1, 0.2, 0.6])
    >>> round(mean, 3), round(low, 3), round(high, 3), seeds
    (0.3, -0.357, 0.957, 3)

    Args:
      effects: One effect per seed. Effects that all agree show no spread, and have no interval.
      level: Confidence of the interval, in (0, 1).
      exact: Whether effects that all agree do not depend on the seed, so that their interval is a
        point.

    Raises:
      ValueError: An effect is not finite, or ``effects`` has not one dimension.
    """
    values = np.asarray(effects, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"expected one number per seed, got shape {values.shape}")
    arm = Arm(values)
    if arm.seeds < 2:
        return Estimate(float(arm.mean), math.nan, math.nan, math.nan, arm.seeds)
    return contrast([arm], [1.0], exact=exact and float(arm.variance) == 0.0).interval(level)
