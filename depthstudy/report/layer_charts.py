"""Charts along depth of nets that do not share their layers: a line for each net of a group.

Nets of several depths have layers in common only by where they stand, so the horizontal axis is the
share of the way from the first layer to the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import altair as alt

from depthstudy.report import formats
from depthstudy.report.analysis_charts import Line, Scale, line_marks, line_rows
from depthstudy.report.analysis_runs import Run, reach
from depthstudy.report.analysis_sections import log_scale, positive, share_scale
from depthstudy.report.figures import Panel, Row, chart

_HEIGHT = 190
_ENDS_OF_TRAINING = (("_initial", " at initialization", True), ("", " at the end", False))
_FEW = 30  # layers up to which lines show their points


def gradients(nets: Sequence[Run]) -> list[Panel]:
    """Returns the gradient of the weights, dashed at initialization and solid at the end."""
    lines = [
        Line(f"{net.label}{when}", net.color, positive(net, f"gradient_norm{suffix}"), faint)
        for net in nets
        for suffix, when, faint in _ENDS_OF_TRAINING
    ]
    return through("Gradient of each layer’s weights", lines, log_scale, "{:.2g}".format)


def accuracy(nets: Sequence[Run]) -> list[Panel]:
    """Returns how well a linear classifier does on what each block gives out."""
    title = "Classes that can be read off each block"
    return through(title, _lines(nets, "linear", "probe_accuracy"), share_scale, formats.percent)


def saturation(nets: Sequence[Run]) -> list[Panel]:
    """Returns the share of its directions that each block uses."""
    title = "Saturation: directions in use"
    return through(title, _lines(nets, "rank", "saturation"), share_scale, formats.percent)


def underflow(nets: Sequence[Run]) -> list[Panel]:
    """Returns the share of each gradient that unscaled float16 loses, as ``gradients`` does."""
    lines = [
        Line(f"{net.label}{when}", net.color, net.layers("underflow", f"underflow{suffix}"), faint)
        for net in nets
        for suffix, when, faint in _ENDS_OF_TRAINING
    ]
    return through("Gradients lost in unscaled float16", lines, share_scale, formats.percent)


def _lines(nets: Sequence[Run], probe: str, metric: str) -> list[Line]:
    return [
        Line(net.label, net.color, net.layers(probe, metric), border=net.border()) for net in nets
    ]


def through(
    title: str,
    lines: Sequence[Line],
    scale: Callable[[Sequence[float]], Scale],
    say: Callable[[float], str],
) -> list[Panel]:
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
    y = scale(values).encode("value")
    few = max(len(line.values) for line in lines) <= _FEW
    marks = line_marks(title, lines, rows, x, y, dots=few)
    return [Panel(title, (*marks, *_rings(lines, rows, x, y)), _HEIGHT, 6, tuple(rows))]


_ENDS = "datum.value == 0 ? 'first layer' : datum.value == 1 ? 'last' : 'half way'"


def _share_of(count: int) -> Callable[[int], float]:
    """Returns what makes of a layer's place, from 1, its share of the way."""
    return lambda place: round((place - 1) / max(count - 1, 1), 4)


def _rings(lines: Sequence[Line], rows: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    found = []
    for line in lines:
        layers = list(line.values)
        place = reach(layers, line.border)
        if place:
            mine = [row for row in rows if row["line"] == line.label]
            found.append({**mine[place - 1], "color": line.color})
    if not found:
        return []
    ring = chart(found).mark_point(size=130, strokeWidth=2, filled=False)
    return [ring.encode(x=x, y=y, color=alt.Color("color:N", scale=None))]
