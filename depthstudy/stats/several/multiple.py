"""Several claims at one level: Holm's method, and the intervals that agree with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from depthstudy.stats.effects.arm import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Returns ``p_values[tests]`` adjusted so that one level holds for all of them together.

    The step-down method of Holm (1979), "A simple sequentially rejective multiple test procedure".

    >>> holm([0.04, 0.01, 0.03]).round(3).tolist()
    [0.06, 0.03, 0.06]

    Raises:
      ValueError: A p value is not finite, or ``p_values`` has not one dimension.
    """
    values = _checked(p_values)
    order = np.argsort(values)
    factors = np.arange(len(values), 0, -1)  # the least p value answers for all the tests
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * factors))
    return adjusted


def holm_levels(p_values: ArrayLike, alpha: float = 0.05) -> Floats:
    """Returns the level at which Holm's method decided on each of ``p_values[tests]``.

    A rejected one was tested at ``alpha`` over the number of those not yet rejected. All others
    failed at the level at which the first of them did. An interval of this level leaves its
    boundary out exactly where Holm's method rejects.

    >>> holm_levels([0.04, 0.01, 0.03]).round(4).tolist()
    [0.025, 0.0167, 0.025]

    Raises:
      ValueError: A p value is not finite, or ``p_values`` has not one dimension.
    """
    values = _checked(p_values)
    order = np.argsort(values)
    steps = alpha / np.arange(len(values), 0, -1)
    rejected = np.logical_and.accumulate(values[order] <= steps)
    last = steps[min(int(rejected.sum()), len(values) - 1)] if len(values) else alpha
    levels = np.empty_like(values)
    levels[order] = np.where(rejected, steps, last)
    return levels


def two_sided(p_one: ArrayLike, p_other: ArrayLike) -> Floats:
    """Returns the p value of deciding for either of two opposite claims; NaN if one of them is."""
    return np.minimum(1.0, 2 * np.minimum(p_one, p_other))


def _checked(p_values: ArrayLike) -> Floats:
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"expected one p value per test, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"expected finite p values, got {values.tolist()}")
    return values
