"""Expected validation error of the best of so many trials, a line a net of a group."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from depthstudy.records import VariantInfo
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.tables import Study
from depthstudy.report.text import formats, palette


def effort_panels(study: Study) -> list[ChartPanel]:
    """Returns a chart for each group of nets with trials, all on one scale."""
    known = {row.variant for row in study.expected_best}
    top = max((row.validation_error for row in study.expected_best), default=0.0)
    return [
        _panel(study, group, [info for info in infos if info.name in known], index, top)
        for index, (group, infos) in enumerate(tables.groups(study.info).items())
        if {info.name for info in infos} & known
    ]


def _panel(
    study: Study, group: str, infos: Sequence[VariantInfo], index: int, top: float
) -> ChartPanel:
    labels = {info.name: tables.label(study.info, info.name) for info in infos}
    rows = [
        {
            "line": labels[row.variant],
            "trials": row.trials,
            "error": digits(row.validation_error),
            "text": formats.percent(row.validation_error),
        }
        for row in study.expected_best
        if row.variant in labels
    ]
    counts = sorted({row.trials for row in study.expected_best if row.variant in labels})
    x = alt.X(
        "trials:Q",
        title="Trials",
        scale=alt.Scale(domain=[1, max(2, counts[-1])], nice=False),
        axis=alt.Axis(values=counts, format="d", labelOverlap="greedy"),
    )
    scale = alt.Scale(domain=[0, 1.04 * top], nice=False)
    y = alt.Y("error:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    colors = palette.shades(index, len(labels))
    color = alt.Color(
        "line:N", legend=None, scale=alt.Scale(domain=list(labels.values()), range=colors)
    )
    tips = tooltip(("line", "Net"), ("trials", "Trials"), ("text", "Expected validation error"))
    line = chart(rows).mark_line(strokeWidth=2, strokeJoin="round").encode(x=x, y=y, color=color)
    dots = chart(rows).mark_circle(size=34, opacity=1).encode(x=x, y=y, color=color, tooltip=tips)
    return ChartPanel(group, (line, dots), 190, 6, tuple(rows))
