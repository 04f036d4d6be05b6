"""Error against depth where groups are many: a chart for each, before the others in gray."""

from __future__ import annotations

import altair as alt

from depthstudy.report import tables
from depthstudy.report.charts.depth.errors import ERRORS, error_rows
from depthstudy.report.charts.panel import ChartPanel, Row, chart, tooltip
from depthstudy.report.charts.scales import error_top
from depthstudy.report.tables import Study
from depthstudy.report.text import palette

_FEW = 6  # groups up to which their lines share one chart
_MOST = 24  # charts
_TICKS = 6  # depths that are named on the axis
_HEIGHT = 150
_DASHES = {"train_error": [4, 3], "test_error": [1, 0]}


def are_needed(study: Study) -> bool:
    """Whether there are too many groups for one chart, and not too many for one each."""
    count = len(tables.depth_series(study.info))
    return tables.has_depths(study.info) and _FEW < count <= _MOST


def are_too_many(study: Study) -> bool:
    """Whether there are too many groups for a chart each."""
    return tables.has_depths(study.info) and len(tables.depth_series(study.info)) > _MOST


def panels(study: Study) -> list[ChartPanel]:
    """Returns train and test error of each group against depth, all on one scale."""
    groups = tables.depth_series(study.info)
    rows = [row for metric in ERRORS for row in error_rows(study, metric, groups)[0]]
    top = error_top(row["error"] for row in rows)
    return [_panel(group, palette.group(index), rows, top) for index, group in enumerate(groups)]


def _ticks(depths: list[int]) -> list[int]:
    """Returns the depths, or where they are many the powers of two among them, or some of them."""
    if len(depths) <= _TICKS:
        return depths
    powers = [2**n for n in range(12) if depths[0] <= 2**n <= depths[-1]]
    return powers if len(powers) > 1 else [depths[0], depths[len(depths) // 2], depths[-1]]


def _panel(group: str, color: str, rows: list[Row], top: float) -> ChartPanel:
    shown = [row for row in rows if row["group"] == group]
    others = [row for row in rows if row["group"] != group and row["metric"] == "test_error"]
    depths = sorted({row["depth"] for row in rows})
    x = alt.X(
        "depth:Q",
        title="Depth (weight layers)",
        scale=alt.Scale(type="log", base=2, nice=False, domain=[depths[0] / 1.1, depths[-1] * 1.1]),
        axis=alt.Axis(values=_ticks(depths), labelOverlap="greedy", format="d"),
    )
    form = ".0%" if top > 0.05 else ".1%"
    scale = alt.Scale(domain=[0, top], nice=False, clamp=True)
    y = alt.Y("error:Q", title=None, scale=scale, axis=alt.Axis(format=form, tickCount=4))
    tips = tooltip(
        ("variant", "Net"), ("error_of", "Error"), ("text", "Mean"), ("interval", "95% interval")
    )
    named = [{**row, "error_of": ERRORS[row["metric"]]} for row in shown]
    marks = [
        chart(others)
        .mark_line(strokeWidth=1.2, color="var(--rule)")
        .encode(x=x, y=y, detail="group:N")
    ]
    for metric, dash in _DASHES.items():
        line = chart([row for row in shown if row["metric"] == metric])
        marks.append(line.mark_line(strokeWidth=2, strokeDash=dash, color=color).encode(x=x, y=y))
    spans = [row for row in shown if row["low"] is not None and row["metric"] == "test_error"]
    rule = chart(spans).mark_rule(strokeWidth=1.4, opacity=0.6, color=color)
    marks.append(rule.encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"))
    dots = chart(named).mark_circle(size=46, opacity=1, color=color)
    marks.append(dots.encode(x=x, y=y, tooltip=tips))
    return ChartPanel(group, tuple(marks), _HEIGHT, 6, tuple(shown))
