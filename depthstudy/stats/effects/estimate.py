"""The one shape in which an effect and its interval are handed on."""

from __future__ import annotations

from typing import NamedTuple


class Estimate(NamedTuple):
    """An effect and its interval, in units of the metric.

    Attributes:
      mean: The effect; NaN without seeds.
      low: Lower end of its confidence interval; NaN where none can be given.
      high: Upper end of the same interval.
      spread: Standard deviation over seeds of what the effect is the mean of; NaN likewise.
      seeds: Number of seeds, the least of the variants compared.
    """

    mean: float
    low: float
    high: float
    spread: float
    seeds: int
