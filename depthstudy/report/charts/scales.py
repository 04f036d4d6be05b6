"""Axes and color scales that charts share."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence

import altair as alt

from depthstudy.records import Metric
from depthstudy.report.text import palette

_BESIDE = 20  # characters of names in a legend of two columns, at most


@dataclasses.dataclass(frozen=True)
class Scale:
    """The vertical axis of a chart.

    Attributes:
      low: Its lower end.
      high: Its upper end.
      form: How d3 formats its ticks.
      log: Base of the logarithm, or 0.
    """

    low: float
    high: float
    form: str
    log: int = 0

    def encode(self, field: str, title: str | None = None) -> alt.Y:
        """Returns the axis of a field."""
        scale = alt.Scale(
            type="log" if self.log else "linear",
            base=self.log or alt.Undefined,
            domain=[self.low, self.high],
            nice=False,
            clamp=True,
        )
        axis = alt.Axis(
            format=self.form,
            tickCount=5,
            labelOverlap="greedy",
            values=self._powers() if self.log else alt.Undefined,
        )
        return alt.Y(f"{field}:Q", title=title, scale=scale, axis=axis)

    def with_headroom(self) -> Scale:
        """Returns the axis with room for a line of text above all values."""
        if self.log:
            return dataclasses.replace(self, high=self.high * (self.high / self.low) ** 0.1)
        return dataclasses.replace(self, high=self.high + 0.12 * (self.high - self.low))

    def _powers(self) -> list[float]:
        first, last = (math.log(end) / math.log(self.log) for end in (self.low, self.high))
        return [float(self.log) ** n for n in range(math.ceil(first), math.floor(last) + 1)]


def error_top(errors: Iterable[float]) -> float:
    """Returns the end of an axis of errors: a little above all of them, and at most 100%."""
    top = max([0.01, *errors]) * 1.04
    return 1.0 if top > 0.8 else top


def log_ticks(low: float, high: float) -> list[float]:
    """Returns the powers of ten between two numbers; of fewer than two decades the 2s and 5s, too.

    >>> log_ticks(0.003, 4.0)
    [0.01, 0.1, 1.0]
    >>> log_ticks(0.15, 2.3)
    [0.2, 0.5, 1.0, 2.0]
    """
    digits = (1, 2, 5) if high < 100 * low else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = (float(f"{digit}e{power}") for power in powers for digit in digits)
    return [tick for tick in ticks if low <= tick <= high]


def log_scale(values: Sequence[float]) -> Scale:
    """Returns a logarithmic axis that holds the values."""
    low, high = min(values), max(values)
    wide = high > 10 * low
    return Scale(
        low / 1.5, high * 1.5, "~e" if low < 1e-3 or high >= 1e4 else "~g", 10 if wide else 2
    )


def share_scale(values: Sequence[float]) -> Scale:
    """Returns an axis from 0 that holds the values, which are shares."""
    top = error_top(values)
    return Scale(0.0, top, ".0%" if top > 0.05 else ".1%")


def count_scale(values: Sequence[float]) -> Scale:
    """Returns an axis from 0, or from below it, that holds the values, which are numbers."""
    top = max([1.0, *values]) * 1.04
    return Scale(min([0.0, *values]), top, ",d" if top > 5 else ".1f")


def group_scale(groups: list[str], *, legend: bool) -> alt.Color:
    """Returns the colors of the groups, with their names as a legend or without.

    Names that are too long to stand side by side on a phone stand below each other.
    """
    columns = 1 if max(map(len, groups), default=0) > _BESIDE else 2
    return alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[palette.group(i) for i in range(len(groups))]),
        legend=alt.Legend(columns=columns) if legend else None,
    )


def scale_of(metric: Metric) -> Callable[[Sequence[float]], Scale]:
    """Returns what makes the axis of a metric for its values."""
    if metric.scale == "log":
        return log_scale
    return share_scale if metric.unit == "fraction" else count_scale
