"""The chart of error against multiply-accumulates, with the Pareto front as a flight of stairs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import ParetoPoint
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.charts.scales import group_scale
from depthstudy.report.tables import Study
from depthstudy.report.text import formats, palette

TITLE = "Test error"
_HEIGHT = 330
_WIDE = 8  # greatest over least error from which on the axis is logarithmic
_TICKS = [step * 10.0**power for power in range(-5, 1) for step in (1, 2, 5)]
_WIDTH = 560  # pixels of the plot, about
_LETTER = 7  # pixels of a digit
_LINE = 13  # pixels of a line of text
_RADIUS = 7  # pixels that a point takes


def panel(study: Study) -> ChartPanel | None:
    """Returns the chart, or ``None`` where variants do not differ in their cost."""
    points = study.pareto
    if len({point.macs for point in points}) < 2:
        return None
    x_axis, y_axis = axes(points)
    group_of = {info.name: info.group for info in study.info.variants}
    rows = [_row(point, group_of[point.variant], y_axis) for point in points]
    groups = list(tables.groups(study.info))
    few = len(groups) <= palette.GROUPS
    color = group_scale(groups, legend=False) if few else alt.value(palette.group(1))
    x, y = _x(x_axis), _y("error", y_axis)
    tips = tooltip(
        ("variant", "Net"),
        ("macs", "MACs"),
        ("text", TITLE),
        ("interval", "95% interval"),
        ("seeds", "Seeds"),
    )
    best = front(points)
    labels = label_places(best, points, x_axis, y_axis)
    line = chart(_stairs(best, x_axis))
    marks = (
        line.mark_line(interpolate="step-after", strokeWidth=1.3, color="var(--muted)").encode(
            x=x, y=y, order=alt.Order("macs:Q")
        ),
        chart([row for row in rows if row["low"] is not None])
        .mark_rule(strokeWidth=1.4, opacity=0.45)
        .encode(x=x, y=_y("low", y_axis), y2="high:Q", color=color),
        chart(rows).mark_circle(size=64, opacity=0.9).encode(x=x, y=y, color=color, tooltip=tips),
        chart(labels).mark_text(fontWeight=600, fontSize=12).encode(x=x, y=y, text="label:N"),
    )
    return ChartPanel(TITLE, marks, _HEIGHT, 8, tuple(rows))


def front(points: Sequence[ParetoPoint]) -> list[ParetoPoint]:
    """Returns the nets of the front by rising cost, as their numbers in the chart go."""
    return sorted((point for point in points if point.place), key=lambda point: point.place)


@dataclasses.dataclass(frozen=True)
class Axis:
    """An axis, its ends, and whether it is logarithmic; then zero may stand at its foot."""

    low: float
    high: float
    log: bool
    zero: bool = False

    def share(self, value: float) -> float:
        """Returns how far along the axis a value is."""
        low, high, value = (self._line(x) for x in (self.low, self.high, max(value, self.low)))
        return (value - low) / (high - low)

    def value(self, share: float) -> float:
        """Returns the value at a share of the way along the axis."""
        low, high = self._line(self.low), self._line(self.high)
        place = low + share * (high - low)
        return math.exp(place) if self.log else place

    def _line(self, value: float) -> float:
        return math.log(value) if self.log else value

    @property
    def scale(self) -> alt.Scale:
        """The same for a chart."""
        return alt.Scale(
            type="log" if self.log else "linear",
            domain=[self.low, self.high],
            nice=False,
            clamp=True,
        )


def axes(points: Sequence[ParetoPoint]) -> tuple[Axis, Axis]:
    """Returns the axes of cost and error that hold the points, a wide one logarithmic."""
    macs = [point.macs for point in points]
    errors = [point.test_error for point in points]
    ends = [end for p in points for end in (p.low, p.high) if math.isfinite(end)]
    span = max(max(errors) - min(errors), 0.01)
    # Intervals from two seeds may be many times as long as what sets the nets apart.
    low = max(min([*errors, *ends]), min(errors) - 0.4 * span)
    high = min(1.0, max([*errors, *ends]), max(errors) + 0.25 * span)
    room = max(1.03, (max(macs) / min(macs)) ** 0.06)
    x_axis = Axis(min(macs) / room**2, max(macs) * room, log=True)
    positive = [error for error in errors if error > 0]
    if positive and max(positive) > _WIDE * min(positive):
        has_zero = len(positive) < len(errors)
        return x_axis, Axis(min(positive) / 2.2, min(1.0, high * 1.15), log=True, zero=has_zero)
    return x_axis, Axis(max(0.0, low - 0.2 * span), min(1.0, high + 0.05 * span), log=False)


def _x(axis: Axis) -> alt.X:
    title = "Multiply-accumulates for one image (logarithmic)"
    ticks = alt.Axis(format="~s", tickCount=6, labelOverlap="greedy")
    return alt.X("macs:Q", title=title, scale=axis.scale, axis=ticks)


def _y(field: str, axis: Axis) -> alt.Y:
    shown = alt.Axis(format="~%", tickCount=5)
    if axis.log:
        ticks = [tick for tick in _TICKS if axis.low < tick <= axis.high]
        shown = alt.Axis(
            format="~%",
            values=[axis.low, *ticks] if axis.zero else ticks,
            labelExpr=f"datum.value < {1.001 * axis.low} ? '0%' : datum.label",
        )
    return alt.Y(f"{field}:Q", title=None, scale=axis.scale, axis=shown)


def _row(point: ParetoPoint, group: str, axis: Axis) -> dict[str, Any]:
    exact = math.isfinite(point.low)
    low, high = (min(max(end, axis.low), axis.high) for end in (point.low, point.high))
    return {
        "variant": point.variant,
        "group": group,
        "macs": point.macs,
        "error": digits(point.test_error),
        "low": digits(low) if exact else None,
        "high": digits(high) if exact else None,
        "text": formats.percent(point.test_error),
        "interval": formats.interval(point.low, point.high),
        "seeds": point.seeds,
    }


def _stairs(best: Sequence[ParetoPoint], x_axis: Axis) -> list[dict[str, Any]]:
    """Returns the corners of the front, from its first net to the right edge of the chart."""
    last = (x_axis.high, best[-1].test_error)
    corners = [*((p.macs, p.test_error) for p in best), last]
    return [{"macs": macs, "error": digits(error)} for macs, error in corners]


_Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def label_places(
    best: Sequence[ParetoPoint], points: Sequence[ParetoPoint], x_axis: Axis, y_axis: Axis
) -> list[dict[str, Any]]:
    """Returns where the numbers of the front stand: below it, clear of points and of each other."""

    def place(point: ParetoPoint) -> tuple[float, float]:
        up = y_axis.share(point.test_error)
        return _WIDTH * x_axis.share(point.macs), _HEIGHT * (1 - up)

    taken = [(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in map(place, points)]
    rows = []
    for point in best:
        text = str(point.place)
        box = _room(*place(point), _LETTER * len(text), taken)
        taken.append(box)
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        rows.append(
            {
                "label": text,
                "macs": x_axis.value(middle[0] / _WIDTH),
                "error": digits(y_axis.value(1 - middle[1] / _HEIGHT)),
            }
        )
    return rows


def _room(x: float, y: float, length: float, taken: Sequence[_Box]) -> _Box:
    """Returns the nearest free place for a text to the lower left of a point, or else beside it."""
    nearest = (x - _RADIUS - length, y, x - _RADIUS, y + _LINE)
    for down in range(1, 90, 3):
        for aside in (0, 10, 20, 30):
            left, top = nearest[0] + aside, y + down
            box = (left, top, left + length, top + _LINE)
            inside = left >= 0 and box[2] <= _WIDTH and box[3] <= _HEIGHT
            if inside and not any(overlap(box, other) for other in taken):
                return box
    return nearest


def overlap(a: _Box, b: _Box) -> bool:
    """Whether two boxes have a point in common."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
