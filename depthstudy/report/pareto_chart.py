"""The chart of error against multiply-accumulates, with the Pareto front as a flight of stairs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.report import formats, palette, tables
from depthstudy.report.figures import Panel, chart, digits, group_scale, tooltip
from depthstudy.report.pareto import Point, front, points
from depthstudy.report.tables import Study

TITLE = "Test error"
_HEIGHT = 330
_WIDE = 8  # greatest over least error from which on the axis is logarithmic
_TICKS = [step * 10.0**power for power in range(-5, 1) for step in (1, 2, 5)]
_WIDTH = 560  # pixels of the plot, about
_LETTER = 7  # pixels of a digit
_LINE = 13  # pixels of a line of text
_RADIUS = 7  # pixels that a point takes


def panel(study: Study) -> Panel | None:
    """Returns the chart, or ``None`` where variants do not differ in their cost."""
    found = points(study)
    if len({point.macs for point in found}) < 2:
        return None
    x_axis, y_axis = _axes(found)
    rows = [_row(point, y_axis) for point in found]
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
    best = front(found)
    labels = _placed(best, found, x_axis, y_axis)
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
    return Panel(TITLE, marks, _HEIGHT, 8, tuple(rows))


@dataclasses.dataclass(frozen=True)
class _Axis:
    """An axis, its ends and whether it is logarithmic."""

    low: float
    high: float
    log: bool

    def share(self, value: float) -> float:
        """Returns how far along the axis a value is."""
        low, high, value = (self._line(x) for x in (self.low, self.high, max(value, self.low)))
        return (value - low) / (high - low)

    def value(self, share: float) -> float:
        """Returns the value at a share of the way along the axis."""
        low, high = self._line(self.low), self._line(self.high)
        found = low + share * (high - low)
        return math.exp(found) if self.log else found

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


def _axes(found: Sequence[Point]) -> tuple[_Axis, _Axis]:
    macs = [point.macs for point in found]
    errors = [point.error.mean for point in found]
    ends = [end for p in found for end in (p.error.low, p.error.high) if math.isfinite(end)]
    span = max(max(errors) - min(errors), 0.01)
    # Intervals from two seeds may be many times as long as what sets the nets apart.
    low = max(min([*errors, *ends]), min(errors) - 0.4 * span)
    high = min(1.0, max([*errors, *ends]), max(errors) + 0.25 * span)
    room = max(1.03, (max(macs) / min(macs)) ** 0.06)
    x_axis = _Axis(min(macs) / room**2, max(macs) * room, log=True)
    positive = [error for error in errors if error > 0]
    if positive and max(positive) > _WIDE * min(positive):
        return x_axis, _Axis(min(positive) / 2.2, min(1.0, high * 1.15), log=True)
    return x_axis, _Axis(max(0.0, low - 0.2 * span), min(1.0, high + 0.05 * span), log=False)


def _x(axis: _Axis) -> alt.X:
    title = "Multiply-accumulates for one image (logarithmic)"
    ticks = alt.Axis(format="~s", tickCount=6, labelOverlap="greedy")
    return alt.X("macs:Q", title=title, scale=axis.scale, axis=ticks)


def _y(field: str, axis: _Axis) -> alt.Y:
    ticks = [tick for tick in _TICKS if axis.low <= tick <= axis.high]
    shown = alt.Axis(format="~%", values=ticks) if axis.log else alt.Axis(format="~%", tickCount=5)
    return alt.Y(f"{field}:Q", title=None, scale=axis.scale, axis=shown)


def _row(point: Point, axis: _Axis) -> dict[str, Any]:
    exact = math.isfinite(point.error.half)
    low, high = (min(max(end, axis.low), axis.high) for end in (point.error.low, point.error.high))
    return {
        "variant": point.name,
        "group": point.group,
        "macs": point.macs,
        "error": digits(point.error.mean),
        "low": digits(low) if exact else None,
        "high": digits(high) if exact else None,
        "text": formats.percent(point.error.mean),
        "interval": f"{formats.percent(point.error.low)} to {formats.percent(point.error.high)}"
        if exact
        else formats.DASH,
        "seeds": point.error.count,
    }


def _stairs(best: Sequence[Point], x_axis: _Axis) -> list[dict[str, Any]]:
    """Returns the corners of the front, from its first net to the right edge of the chart."""
    last = (x_axis.high, best[-1].error.mean)
    corners = [*((p.macs, p.error.mean) for p in best), last]
    return [{"macs": macs, "error": digits(error)} for macs, error in corners]


_Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def _placed(
    best: Sequence[Point], found: Sequence[Point], x_axis: _Axis, y_axis: _Axis
) -> list[dict[str, Any]]:
    """Returns where the numbers of the front stand: below it, clear of points and of each other."""

    def place(point: Point) -> tuple[float, float]:
        up = y_axis.share(point.error.mean)
        return _WIDTH * x_axis.share(point.macs), _HEIGHT * (1 - up)

    taken = [(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in map(place, found)]
    rows = []
    for number, point in enumerate(best, start=1):
        text = str(number)
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
            if inside and not any(_overlap(box, other) for other in taken):
                return box
    return nearest


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
