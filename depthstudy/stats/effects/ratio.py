"""The interval of a ratio of two means that are measured on the same seeds.

Fieller 1954, "Some problems in interval estimation". A share q is in the interval of the ratio of
the means of x and y where the mean of x - q y is not told from zero by Student's t; the ends are
the roots of a quadratic equation in q. No other interval keeps its level where y may be small.
"""

from __future__ import annotations

import math


def ratio_limits(
    x: float, y: float, xx: float, xy: float, yy: float, critical: float
) -> tuple[float, float]:
    """Returns Fieller's interval of ``x / y`` from their variances ``xx, yy`` and covariance.

    >>> low, high = ratio_limits(1.0, 2.0, 0.01, 0.0, 0.0, 2.0)
    >>> round(low, 6), round(high, 6)
    (0.4, 0.6)

    Args:
      x: Estimate of the numerator.
      y: Estimate of the denominator.
      xx: Variance of ``x``.
      xy: Covariance of both.
      yy: Variance of ``y``.
      critical: Critical value of t.

    Returns:
      Its ends; NaN where ``y`` is not told from zero.
    """
    # Shares q with a q^2 - 2 b q + c <= 0.
    t = critical**2
    a, b, c = y**2 - t * yy, x * y - t * xy, x**2 - t * xx
    if not a > 0:
        return math.nan, math.nan
    root = math.sqrt(max(0.0, b * b - a * c))  # real but for rounding, as the ratio itself is in
    return float((b - root) / a), float((b + root) / a)
