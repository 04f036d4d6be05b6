"""Lines of one quantity over the layers of nets, however their places are laid out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from depthstudy.report.charts.panel import Row, chart, digits, tooltip
from depthstudy.report.charts.scales import Scale

_FAINT = [5, 4]  # dashes of a second line in one color


@dataclasses.dataclass(frozen=True)
class Line:
    """One quantity along the layers of one net.

    Attributes:
      label: The net, and what else tells the line from its neighbors.
      color: Name of its color.
      values: The quantity by layer, in the order of the net.
      faint: Whether it stands behind another line.
      border: Path of the border layer, or ``""``.
      intervals: Interval over images by layer, where there is one.
    """

    label: str
    color: str
    values: Mapping[str, float]
    faint: bool = False
    border: str = ""
    intervals: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)


def line_marks(
    title: str, lines: Sequence[Line], rows: Sequence[Row], x: alt.X, axis: Scale, *, dots: bool
) -> list[alt.Chart]:
    """Returns the marks of lines, the faint ones dashed and behind the others.

    Intervals over images are pale strokes across their points.

    Args:
      title: What is shown.
      lines: What is drawn.
      rows: Their points, as ``line_rows`` makes them.
      x: The horizontal axis.
      axis: The vertical axis.
      dots: Whether lines that are not faint show their points.
    """
    colors = {line.label: line.color for line in lines}
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    color = alt.Color("line:N", legend=None, scale=scale)
    y = axis.encode("value")
    marks = []
    sure = [row for row in rows if "low" in row and not row["faint"]]
    if sure:
        ends = chart(sure).mark_rule(strokeWidth=4, opacity=0.25)
        marks.append(ends.encode(x=x, y=axis.encode("low"), y2="high:Q", color=color))
    for faint in (True, False):
        shown = [row for row in rows if row["faint"] == faint]
        if shown:
            line = chart(shown).mark_line(
                strokeWidth=1.6 if faint else 2,
                strokeJoin="round",
                strokeDash=_FAINT if faint else alt.Undefined,
            )
            marks.append(line.encode(x=x, y=y, color=color))
            if dots and not faint:
                dot = chart(shown).mark_circle(size=34, opacity=1)
                marks.append(dot.encode(x=x, y=y, color=color))
    tips = tooltip(("layer", "Layer"), ("line", "Net"), ("text", title))
    seen = chart(rows).mark_circle(size=90, opacity=0)
    return [*marks, seen.encode(x=x, y=y, tooltip=tips)]


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
            **_interval(line.intervals.get(layer), say(value), say),
        }
        for place, (layer, value) in enumerate(line.values.items(), start=1)
    ]


def _interval(
    ends: tuple[float, float] | None, text: str, say: Callable[[float], str]
) -> dict[str, Any]:
    if ends is None:
        return {"text": text}
    low, high = ends
    return {
        "low": digits(low),
        "high": digits(high),
        "text": f"{text} ({say(low)} to {say(high)})",
    }
