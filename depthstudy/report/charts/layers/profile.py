"""Lines along the layers of nets that share them, one label for each block that fits."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence

import altair as alt

from depthstudy.report.charts.lines import Line, line_marks, line_rows
from depthstudy.report.charts.panel import ChartPanel, chart
from depthstudy.report.charts.scales import Scale
from depthstudy.report.tables.nets import reach, short

_RULE = [2, 3]  # dashes of a line that is no data
_DOTS = 40  # layers up to which a line shows its points
_LABELS = 14  # names on an axis


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
) -> ChartPanel:
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
    marks = line_marks(title, lines, rows, x, scale, dots=len(layers) <= _DOTS)
    return ChartPanel(title, (*behind, *marks), height, 6, tuple(rows))


def stage_rules(layers: Sequence[str], x: alt.X) -> list[alt.Chart]:
    """Returns faint rules where a stage, or the head, begins."""
    parts = [layer.partition("/")[0] for layer in layers]
    rows = [{"at": i + 0.5} for i in range(1, len(parts)) if parts[i] != parts[i - 1]]
    rule = chart(rows).mark_rule(color="var(--grid)", strokeWidth=1)
    return [rule.encode(x=x)] if rows else []


def _borders(lines: Sequence[Line], x: alt.X, scale: Scale) -> list[alt.Chart]:
    """Returns a rule at each border layer, in its net's color where nets differ in it."""
    layers = list(lines[0].values)
    borders: dict[int, str] = {}
    for line in lines:
        place = reach(layers, line.border)
        if place:
            borders.setdefault(place, line.color)
    rows = [
        {
            "at": place - 0.5,
            "color": "var(--muted)" if len(borders) == 1 else color,
            "top": scale.high,
        }
        for place, color in borders.items()
    ]
    if not rows:
        return []
    color = alt.Color("color:N", scale=None)
    right = min(borders) > 0.8 * len(layers)
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
