"""Charts of pruned nets: test error against the share that was taken out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import PrunedNet
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.charts.scales import error_top
from depthstudy.report.tables import Study
from depthstudy.report.text import formats, palette

_HEIGHT = 210
_ASIDE = 0.012  # share of the axis by which methods stand apart
_DASHES = {"none": [1, 0], "scratch_epochs": [5, 3], "scratch_compute": [2, 3]}
_HOLLOW = 46  # size of a mark
_ROOM = 1.5  # the axis against the greatest mean; intervals are cut at its end
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_STEEP = 0.12  # greatest error from which on small ones get more room


CONTROLS = {
    "none": "",
    "scratch_epochs": "trained anew, equal epochs",
    "scratch_compute": "trained anew, equal compute",
}


def method_of(net: PrunedNet) -> str:
    """Returns ``"magnitude"``, or ``"magnitude, trained anew, equal epochs"``."""
    return ", ".join(filter(None, [net.method, CONTROLS[net.control]]))


def method_colors(nets: Sequence[PrunedNet]) -> dict[str, str]:
    """Returns the methods of pruned nets and their colors, in the order of the study."""
    methods = dict.fromkeys(method_of(net) for net in nets)
    return {method: palette.group(index) for index, method in enumerate(methods)}


def error_panels(study: Study, part: str) -> list[ChartPanel]:
    """Returns test error against the share of a part taken out, a chart for each dense net."""
    origins: dict[str, list[PrunedNet]] = {}
    for net in study.pruning:
        if net.part == part:
            origins.setdefault(net.origin, []).append(net)
    rows = {origin: _rows(study, nets) for origin, nets in origins.items()}
    errors = [row["error"] for points in rows.values() for row in points]
    top = error_top([_ROOM * max(errors, default=0.0)])
    return [_panel(study, part, origin, origins[origin], rows[origin], top) for origin in origins]


def _rows(study: Study, nets: Sequence[PrunedNet]) -> list[dict[str, Any]]:
    """Returns the points of lines, each from the dense net on unless it was trained anew."""
    colors = method_colors(study.pruning)
    rows = []
    methods = list(dict.fromkeys(map(method_of, nets)))
    for index, method in enumerate(methods):
        line = sorted((n for n in nets if method_of(n) == method), key=lambda net: net.share)
        points = [(net.variant, net.share) for net in line]
        if not line[0].is_trained_anew:
            points.insert(0, (line[0].dense, 0.0))
        aside = _ASIDE * (index - (len(methods) - 1) / 2)
        for name, share in points:
            error = tables.mean(study, name, "test_error")
            if not error.seeds:
                continue
            exact = math.isfinite(error.low)
            rows.append(
                {
                    "variant": name,
                    "method": method,
                    "color": colors[method],
                    "control": line[0].control,
                    "share": share,
                    "aside": aside if share else 0.0,
                    "error": digits(error.mean),
                    "low": digits(max(0.0, error.low)) if exact else None,
                    "high": digits(min(1.0, error.high)) if exact else None,
                    "out": formats.percent(share),
                    "text": formats.percent_estimate(error.mean, error.low, error.high),
                    "seeds": error.seeds,
                }
            )
    return rows


def _dense_of(nets: Sequence[PrunedNet]) -> str:
    """Returns the name of the dense net that most of these start from, of equal ones the first."""
    names = [net.dense for net in nets]
    return max(dict.fromkeys(names), key=names.count)


def _panel(
    study: Study,
    part: str,
    origin: str,
    nets: Sequence[PrunedNet],
    rows: Sequence[dict[str, Any]],
    top: float,
) -> ChartPanel:
    shares = sorted({0.0, *(net.share for net in nets)})
    place = share_places(shares)
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
    level = tables.mean(study, _dense_of(nets), "test_error").mean
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
        shown = [row for row in drawn if row["control"] == control]
        spans = [row for row in shown if row["low"] is not None and row["share"]]
        line = chart(shown).mark_line(strokeWidth=2, strokeDash=dash)
        rule = chart(spans).mark_rule(strokeWidth=1.4, opacity=0.5)
        full = control == "none"
        dots = chart(shown).mark_point(
            filled=full, fill="var(--paper)" if not full else alt.Undefined, size=_HOLLOW,
            opacity=1, strokeWidth=1.8, shape="circle" if full else _shape(control),
        )  # fmt: skip
        if shown:
            marks += [
                line.encode(x=x, y=y, color=color, detail="method:N"),
                rule.encode(x=x, y=_error(top, "low"), y2="high:Q", color=color),
                dots.encode(x=x, y=y, color=color, tooltip=tips),
            ]
    return ChartPanel(f"{part.capitalize()}, {origin}", tuple(marks), _HEIGHT, 6, tuple(drawn))


def _shape(control: str) -> str:
    return "square" if control == "scratch_epochs" else "diamond"


def share_places(shares: Sequence[float]) -> dict[float, float]:
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
        label = formats.short_percent(share) if share else "dense"
        text = f"abs(datum.value - {round(place[share], 5)}) < 1e-4 ? '{label}' : {text}"
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
