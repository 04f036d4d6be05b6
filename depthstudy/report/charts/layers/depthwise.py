"""Charts along depth of nets that do not share their layers: a line for each net of a group.

Nets of several depths have layers in common only by where they stand, so the horizontal axis is the
share of the way from the first layer to the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import altair as alt

from depthstudy.report.charts.lines import Line, line_marks, line_rows
from depthstudy.report.charts.panel import ChartPanel, Row, chart
from depthstudy.report.charts.scales import Scale
from depthstudy.report.tables.nets import reach

_HEIGHT = 190
_FEW = 30  # layers up to which lines show their points


def through(
    title: str,
    lines: Sequence[Line],
    scale: Callable[[Sequence[float]], Scale],
    say: Callable[[float], str],
) -> list[ChartPanel]:
    """Returns one chart of lines over the share of the way through their nets, or none.

    A ring on a line marks the border layer of its net, or the block that it is in.

    Args:
      title: What is shown.
      lines: What may be drawn; those without a value are left out.
      scale: Makes the vertical axis for the values.
      say: A value as text.
    """
    lines = [line for line in lines if any(map(math.isfinite, line.values.values()))]
    if not lines:
        return []
    values = [v for line in lines for v in line.values.values() if math.isfinite(v)]
    rows = [row for line in lines for row in line_rows(line, say, _share_of(len(line.values)))]
    axis = alt.Axis(values=[0, 0.5, 1], labelExpr=_ENDS, labelFlush=True, tickSize=3)
    domain = alt.Scale(domain=[-0.02, 1.02], nice=False)
    x = alt.X("at:Q", title="Place in the net", axis=axis, scale=domain)
    vertical = scale(values)
    few = max(len(line.values) for line in lines) <= _FEW
    marks = line_marks(title, lines, rows, x, vertical, dots=few)
    return [
        ChartPanel(
            title,
            (*marks, *_rings(lines, rows, x, vertical.encode("value"))),
            _HEIGHT,
            6,
            tuple(rows),
        )
    ]


_ENDS = "datum.value == 0 ? 'first layer' : datum.value == 1 ? 'last' : 'half way'"


def _share_of(count: int) -> Callable[[int], float]:
    """Returns what makes of a layer's place, from 1, its share of the way."""
    return lambda place: round((place - 1) / max(count - 1, 1), 4)


def _rings(lines: Sequence[Line], rows: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    rings = []
    for line in lines:
        layers = list(line.values)
        place = reach(layers, line.border)
        if place:
            points = [row for row in rows if row["line"] == line.label]
            rings.append({**points[place - 1], "color": line.color})
    if not rings:
        return []
    ring = chart(rings).mark_point(size=130, strokeWidth=2, filled=False)
    return [ring.encode(x=x, y=y, color=alt.Color("color:N", scale=None))]
