"""Charts of a search: what was tried, its fronts, and what was best as it went on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import SCALED, SearchedNet
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.charts.scales import error_top
from depthstudy.report.tables.search import Search
from depthstudy.report.text import formats, palette

_HEIGHT = 270
_WHOLE = alt.Axis(format="d", tickMinStep=1)
_TIPS = tooltip(
    ("found", "Found by"),
    ("depth", "Depth"),
    ("text", "Validation error"),
    ("macs", "MACs"),
    ("setting", "Net"),
)


def method_colors(search: Search) -> dict[str, str]:
    """Returns the methods, scaled families last, and their colors."""
    names = dict.fromkeys(net.method for net in search.nets)
    return {name: palette.group(index) for index, name in enumerate(names)}


def stratum_colors(search: Search) -> dict[str, str]:
    """Returns the strata, from shallow to deep, and their colors."""
    names = search.info.strata
    return dict(zip(names, palette.shades(1, len(names)), strict=True))


def tried(search: Search) -> ChartPanel:
    """Returns validation error against depth of every net that was tried."""
    colors = method_colors(search)
    rows = [_row(net) for net in search.nets if net.validation_error == net.validation_error]
    scale = alt.Scale(nice=False, padding=12, zero=False)
    x = alt.X("depth:Q", title="Depth (weight layers)", scale=scale, axis=_WHOLE)
    color = _color("method", colors)
    chosen = chart([row for row in rows if row["chosen"]])
    y = _error_axis(rows)
    marks = (
        chart(rows).mark_circle(size=42, opacity=0.55).encode(x=x, y=y, color=color, tooltip=_TIPS),
        chosen.mark_point(size=110, strokeWidth=1.8).encode(x=x, y=y, color=color, tooltip=_TIPS),
    )
    return ChartPanel("Validation error of what was tried", marks, _HEIGHT, 8, tuple(rows))


def fronts(search: Search) -> ChartPanel:
    """Returns validation error against multiply-accumulates, with the front of each stratum."""
    colors = stratum_colors(search)
    nets = [net for net in search.searched if net.validation_error == net.validation_error]
    rows = [_row(net) for net in nets]
    x = alt.X(
        "macs:Q",
        title="Multiply-accumulates for one image (logarithmic)",
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(format="~s", tickCount=5, labelOverlap="greedy"),
    )
    y, color = _error_axis(rows), _color("stratum", colors)
    best = chart([row for row in rows if row["on_front"]])
    marks = (
        chart(rows).mark_circle(size=30, opacity=0.35).encode(x=x, y=y, color=color, tooltip=_TIPS),
        best.mark_line(interpolate="step-after", strokeWidth=1.6).encode(x=x, y=y, color=color),
        best.mark_circle(size=64, opacity=1).encode(x=x, y=y, color=color, tooltip=_TIPS),
    )
    return ChartPanel("Fronts of error and cost", marks, _HEIGHT, 8, tuple(rows))


def over_time(search: Search) -> list[ChartPanel]:
    """Returns the least validation error so far, and the depth of that net."""
    colors = method_colors(search)
    rows = [
        {
            "method": row.method,
            "trained": row.trained,
            "error": digits(row.validation_error),
            "depth": digits(row.depth),
            "text": formats.percent(row.validation_error),
        }
        for row in search.progress
    ]
    x = alt.X("trained:Q", title="Nets trained in each range", axis=_WHOLE)
    color = _color("method", colors)
    axes = {
        "Least validation error": alt.Y(
            "error:Q",
            title=None,
            axis=alt.Axis(format=".0%", tickCount=5),
            scale=alt.Scale(zero=False),
        ),
        "Depth of the best": alt.Y("depth:Q", title=None, scale=alt.Scale(zero=False)),
    }
    tips = tooltip(("method", "Found by"), ("text", "Validation error"), ("depth", "Depth"))
    return [
        ChartPanel(
            title,
            (
                chart(rows).mark_line(strokeWidth=2).encode(x=x, y=y, color=color),
                chart(rows).mark_circle(size=46).encode(x=x, y=y, color=color, tooltip=tips),
            ),
            190,
            8,
            tuple(rows),
        )
        for title, y in axes.items()
    ]


def _row(net: SearchedNet) -> dict[str, Any]:
    found_by = net.method.upper() if net.method != SCALED else f"scaled {net.stratum}"
    return {
        "method": net.method,
        "stratum": net.stratum,
        "found": found_by,
        "depth": net.depth,
        "macs": net.macs,
        "error": digits(net.validation_error),
        "text": formats.percent(net.validation_error),
        "setting": net.settings,
        "chosen": bool(net.chosen),
        "on_front": bool(net.on_front),
    }


def _error_axis(rows: Sequence[dict[str, Any]]) -> alt.Y:
    errors = [row["error"] for row in rows]
    scale = alt.Scale(domain=[0.9 * min(errors, default=0.0), error_top(errors)], nice=False)
    return alt.Y("error:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=6))


def _color(field: str, colors: dict[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    return alt.Color(f"{field}:N", legend=None, scale=scale)
