"""Charts of pruned nets: error against the share that was taken out, and what layers have left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.report import formats, palette, pruning, tables
from depthstudy.report.analysis_charts import Line
from depthstudy.report.analysis_sections import share_scale
from depthstudy.report.figures import Panel, chart, digits, error_top, tooltip
from depthstudy.report.layer_charts import through
from depthstudy.report.pruning import Pruned
from depthstudy.report.tables import Study

_HEIGHT = 210
_ASIDE = 0.012  # share of the axis by which methods stand apart
_DASHES = {"none": [1, 0], "scratch_epochs": [5, 3], "scratch_compute": [2, 3]}
_HOLLOW = 46  # size of a mark
_ROOM = 1.5  # the axis against the greatest mean; intervals are cut at its end
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_STEEP = 0.12  # greatest error from which on small ones get more room


def error_panels(study: Study, part: str) -> list[Panel]:
    """Returns test error against the share of a part taken out, a chart for each dense net."""
    groups = pruning.panels_of(study)[part]
    rows = {origin: _rows(study, nets) for origin, nets in groups.items()}
    errors = [row["error"] for found in rows.values() for row in found]
    top = error_top([_ROOM * max(errors, default=0.0)])
    return [_panel(study, part, origin, groups[origin], rows[origin], top) for origin in groups]


def _rows(study: Study, nets: Sequence[Pruned]) -> list[dict[str, Any]]:
    """Returns the points of lines, each from the dense net on unless it was trained anew."""
    methods = pruning.part_methods(pruning.nets(study))
    rows = []
    own = list(dict.fromkeys(net.method for net in nets))
    for method in own:
        mine = sorted((net for net in nets if net.method == method), key=lambda net: net.share)
        points = [(net.info.name, net.share) for net in mine]
        if not mine[0].is_control:
            points.insert(0, (mine[0].info.dense, 0.0))
        aside = _ASIDE * (own.index(method) - (len(own) - 1) / 2)
        for name, share in points:
            error = tables.final(study, name, "test_error")
            if not error.count:
                continue
            exact = math.isfinite(error.half)
            rows.append(
                {
                    "variant": name,
                    "method": method,
                    "color": methods[method],
                    "control": mine[0].own.control,
                    "share": share,
                    "aside": aside if share else 0.0,
                    "error": digits(error.mean),
                    "low": digits(max(0.0, error.low)) if exact else None,
                    "high": digits(min(1.0, error.high)) if exact else None,
                    "out": formats.percent(share),
                    "text": formats.percent_estimate(error),
                    "seeds": error.count,
                }
            )
    return rows


def _panel(
    study: Study,
    part: str,
    origin: str,
    nets: Sequence[Pruned],
    rows: Sequence[dict[str, Any]],
    top: float,
) -> Panel:
    shares = sorted({0.0, *(net.share for net in nets)})
    place = _places(shares)
    drawn = [{**row, "at": digits(place[row["share"]] + row["aside"])} for row in rows]
    axis = alt.Axis(
        values=[round(place[share], 5) for share in shares],
        labelExpr=_labels(shares, place),
        labelOverlap="greedy",
        grid=False,
    )
    x = alt.X(
        "at:Q",
        title=f"{part.capitalize()} taken out",
        axis=axis,
        scale=alt.Scale(domain=[-0.04, 1.04], nice=False),
    )
    y = _error(top, "error")
    color = alt.Color("color:N", scale=None, legend=None)
    level = tables.final(study, pruning.dense_of(study, nets), "test_error").mean
    tips = tooltip(
        ("variant", "Net"),
        ("method", "Method"),
        ("out", "Taken out"),
        ("text", "Test error"),
        ("seeds", "Seeds"),
    )
    marks = [
        chart([{"error": digits(level)}])
        .mark_rule(strokeDash=[4, 3], strokeWidth=1.3, color="var(--muted)")
        .encode(y=y)
    ]
    for control, dash in _DASHES.items():
        mine = [row for row in drawn if row["control"] == control]
        spans = [row for row in mine if row["low"] is not None and row["share"]]
        line = chart(mine).mark_line(strokeWidth=2, strokeDash=dash)
        rule = chart(spans).mark_rule(strokeWidth=1.4, opacity=0.5)
        full = control == "none"
        dots = chart(mine).mark_point(
            filled=full, fill="var(--paper)" if not full else alt.Undefined, size=_HOLLOW,
            opacity=1, strokeWidth=1.8, shape="circle" if full else _shape(control),
        )  # fmt: skip
        if mine:
            marks += [
                line.encode(x=x, y=y, color=color, detail="method:N"),
                rule.encode(x=x, y=_error(top, "low"), y2="high:Q", color=color),
                dots.encode(x=x, y=y, color=color, tooltip=tips),
            ]
    return Panel(f"{part.capitalize()}, {origin}", tuple(marks), _HEIGHT, 6, tuple(drawn))


def _shape(control: str) -> str:
    return "square" if control == "scratch_epochs" else "diamond"


def _places(shares: Sequence[float]) -> dict[float, float]:
    """Returns where shares stand, from 0 to 1: high ones apart, by the logarithm of what is left.

    As little is left of what is at 100% as of what is half way from the highest other share to it.
    """
    below = max((share for share in shares if share < 1), default=0.0)
    least = min(1 - below, 1.0) / 2
    depth = {share: -math.log(max(1 - share, least)) for share in shares}
    most = max(depth.values()) or 1.0
    return {share: value / most for share, value in depth.items()}


def _labels(shares: Sequence[float], place: dict[float, float]) -> str:
    """Returns the Vega expression that turns a place into its share."""
    text = "''"
    for share in shares:
        said = formats.number(100 * share, 1).removesuffix(".0") + "%" if share else "dense"
        text = f"abs(datum.value - {round(place[share], 5)}) < 1e-4 ? '{said}' : {text}"
    return text


def _error(top: float, field: str) -> alt.Y:
    """Returns the axis of errors; where there are great ones, small ones get more room."""
    steep = top > _STEEP
    scale = alt.Scale(
        type="sqrt" if steep else "linear", domain=[0, top], nice=False, clamp=True
    )  # fmt: skip
    form = ".0%" if top > 0.05 else ".1%"
    ticks = [tick for tick in _TICKS if tick <= top]
    axis = alt.Axis(format=form, values=ticks) if steep else alt.Axis(format=form, tickCount=5)
    title = "square-root scale" if steep else None
    return alt.Y(f"{field}:Q", title=title, scale=scale, axis=axis)


def density_panels(origin: str, lines: Sequence[Line]) -> list[Panel]:
    """Returns what each layer has left of its weights."""
    return through(f"Weights left, {origin}", lines, share_scale, formats.percent)


def density_lines(study: Study, nets: Sequence[Pruned]) -> list[Line]:
    """Returns a line for each net that chose its weights, the sparsest in the strongest color."""
    methods = list(pruning.part_methods(pruning.nets(study)))
    lines = []
    for method in dict.fromkeys(net.method for net in chosen(nets)):
        mine = sorted((net for net in nets if net.method == method), key=lambda net: net.share)
        colors = palette.shades(methods.index(method), len(mine))
        for net, color in zip(mine, colors, strict=True):
            found = pruning.densities(study, net.info.name)
            if found:
                lines.append(Line(density_label(net), color, found))
    return lines


def density_label(net: Pruned) -> str:
    """Returns ``"90% out, magnitude"``."""
    return f"{formats.number(100 * net.share, 1).removesuffix('.0')}% out, {net.method}"


def chosen(nets: Sequence[Pruned]) -> list[Pruned]:
    """Returns the nets whose weights went by a score: random ones go alike in every layer."""
    return [net for net in nets if net.own.score != "random"]
