"""How the charts of an analysis are drawn: along the layers of a net, and as maps of pairs."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from depthstudy.report.analysis_runs import reach, short
from depthstudy.report.figures import Panel, Row, chart, digits, tooltip

_FAINT = [5, 4]  # dashes of a second line in one color
_RULE = [2, 3]  # dashes of a line that is no data
_DOTS = 40  # layers up to which a line shows its points
_LABELS = 14  # names on an axis


@dataclasses.dataclass(frozen=True)
class Line:
    """One quantity along the layers of one net.

    Attributes:
      label: The net, and what else tells the line from its neighbors.
      color: Name of its color.
      values: The quantity by layer, in the order of the net.
      faint: Whether it stands behind another line.
      border: Path of the border layer, or ``""``.
    """

    label: str
    color: str
    values: Mapping[str, float]
    faint: bool = False
    border: str = ""


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


def along(layers: Sequence[str], title: str | None = "Layers, from stem to head") -> alt.X:
    """Returns the horizontal axis of the layers of a net: one label for each block that fits."""
    names = ["", *(short(layer).partition(" ")[0] for layer in layers)]
    starts = [i for i in range(1, len(names)) if names[i] != names[i - 1]]
    axis = alt.Axis(
        values=[starts[i] for i in named([names[start] for start in starts])],
        labelExpr=f"{json.dumps(names)}[datum.value]",
        labelOverlap="greedy",
        labelSeparation=6,
        labelFlush=False,
        tickSize=3,
    )
    scale = alt.Scale(domain=[0.4, len(layers) + 0.6], nice=False)
    return alt.X("at:Q", title=title, axis=axis, scale=scale)


def named(names: Sequence[str]) -> list[int]:
    """Returns which of the names of blocks stand on an axis: of many, every n-th of a stage."""
    every = math.ceil(len(names) / _LABELS)
    places: dict[str, int] = {}
    shown = []
    for index, name in enumerate(names):
        stage = name.partition(".")[0]
        places[stage] = places.get(stage, -1) + 1
        if places[stage] % every == 0:
            shown.append(index)
    return shown


def profile(
    title: str,
    lines: Sequence[Line],
    scale: Scale,
    say: Callable[[float], str],
    *,
    height: int = 190,
    level: tuple[float, str] | None = None,
) -> Panel:
    """Returns lines along the layers, which all lines share.

    Args:
      title: What is shown.
      lines: What is drawn, at least one.
      scale: The vertical axis.
      say: A value as text.
      height: Pixels of the plot.
      level: A value that is marked across, with its name.
    """
    layers = list(lines[0].values)
    if any(line.border for line in lines):
        scale = scale.with_headroom()
    x = along(layers)
    behind = [*stage_rules(layers, x), *_borders(lines, x, scale)]
    if level:
        behind += _level(*level, scale, x, len(layers))
    rows = [row for line in lines for row in line_rows(line, say, lambda place: place)]
    marks = line_marks(title, lines, rows, x, scale.encode("value"), dots=len(layers) <= _DOTS)
    return Panel(title, (*behind, *marks), height, 6, tuple(rows))


def line_marks(
    title: str, lines: Sequence[Line], rows: Sequence[Row], x: alt.X, y: alt.Y, *, dots: bool
) -> list[alt.Chart]:
    """Returns the marks of lines, the faint ones dashed and behind the others.

    Args:
      title: What is shown.
      lines: What is drawn.
      rows: Their points, as ``line_rows`` makes them.
      x: The horizontal axis.
      y: The vertical axis.
      dots: Whether lines that are not faint show their points.
    """
    colors = {line.label: line.color for line in lines}
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    color = alt.Color("line:N", legend=None, scale=scale)
    marks = []
    for faint in (True, False):
        mine = [row for row in rows if row["faint"] == faint]
        if mine:
            line = chart(mine).mark_line(
                strokeWidth=1.6 if faint else 2,
                strokeJoin="round",
                strokeDash=_FAINT if faint else alt.Undefined,
            )
            marks.append(line.encode(x=x, y=y, color=color))
            if dots and not faint:
                dot = chart(mine).mark_circle(size=34, opacity=1)
                marks.append(dot.encode(x=x, y=y, color=color))
    told = tooltip(("layer", "Layer"), ("line", "Net"), ("text", title))
    seen = chart(rows).mark_circle(size=90, opacity=0)
    return [*marks, seen.encode(x=x, y=y, tooltip=told)]


def line_rows(
    line: Line, say: Callable[[float], str], at: Callable[[int], float]
) -> list[dict[str, Any]]:
    """Returns the points of a line; ``at`` says where a layer's place, from 1, lies."""
    return [
        {
            "at": at(place),
            "layer": layer,
            "line": line.label,
            "faint": line.faint,
            "value": digits(value),
            "text": say(value),
        }
        for place, (layer, value) in enumerate(line.values.items(), start=1)
    ]


def stage_rules(layers: Sequence[str], x: alt.X) -> list[alt.Chart]:
    """Returns faint rules where a stage, or the head, begins."""
    parts = [layer.partition("/")[0] for layer in layers]
    rows = [{"at": i + 0.5} for i in range(1, len(parts)) if parts[i] != parts[i - 1]]
    rule = chart(rows).mark_rule(color="var(--grid)", strokeWidth=1)
    return [rule.encode(x=x)] if rows else []


def _borders(lines: Sequence[Line], x: alt.X, scale: Scale) -> list[alt.Chart]:
    """Returns a rule at each border layer, in its net's color where nets differ in it."""
    layers = list(lines[0].values)
    found: dict[int, str] = {}
    for line in lines:
        place = reach(layers, line.border)
        if place:
            found.setdefault(place, line.color)
    rows = [
        {
            "at": place - 0.5,
            "color": "var(--muted)" if len(found) == 1 else color,
            "top": scale.high,
        }
        for place, color in found.items()
    ]
    if not rows:
        return []
    color = alt.Color("color:N", scale=None)
    right = min(found) > 0.8 * len(layers)
    text = chart([{**row, "name": "border layer"} for row in rows]).mark_text(
        align="right" if right else "left", dx=-5 if right else 5, dy=6, fontSize=11
    )
    rule = chart(rows).mark_rule(strokeDash=_RULE, strokeWidth=1.3)
    return [
        rule.encode(x=x, color=color),
        text.encode(x=x, y=scale.encode("top"), color=color, text="name:N"),
    ]


def _level(value: float, name: str, scale: Scale, x: alt.X, count: int) -> list[alt.Chart]:
    rows = [{"level": value, "at": count + 0.6, "name": name}]
    y = scale.encode("level")
    rule = chart(rows).mark_rule(strokeDash=_RULE, strokeWidth=1.3, color="var(--muted)")
    text = chart(rows).mark_text(align="right", dy=-8, dx=-2, fontSize=11, color="var(--muted)")
    return [rule.encode(y=y), text.encode(x=x, y=y, text="name:N")]
