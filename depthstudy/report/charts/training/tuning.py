"""Validation error against the learning rate, a line a net of a group."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import altair as alt

from depthstudy.records import TrialRow, VariantInfo
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, chart, digits, tooltip
from depthstudy.report.tables import Study
from depthstudy.report.text import palette

RATE = "train.learning_rate"
_TICKS = 7  # on an axis, at most


def rate(trial: TrialRow) -> float | None:
    """Returns the learning rate of a trial that tried nothing else, or ``None``."""
    field, _, value = trial.settings.partition("=")
    return float(value) if field == RATE and "," not in trial.settings else None


def rate_panels(study: Study) -> list[ChartPanel]:
    """Returns a chart for each group of nets whose learning rates were tuned."""
    groups = tables.groups(study.info)
    panels = [
        _panel(study, group, rows, palette.shades(index, len(rows)))
        for index, (group, rows) in enumerate(groups.items())
        if {row.name for row in rows} & {trial.variant for trial in study.tuning}
    ]
    return [panel for panel in panels if panel.values]


def _axis(rates: Collection[float]) -> alt.Axis:
    """Returns an axis with the rates that were tried, or with round ones where they are many."""
    ticks = {"values": sorted(rates)} if len(rates) <= _TICKS else {"tickCount": 4}
    return alt.Axis(format="~g", labelOverlap=True, **ticks)


def _panel(
    study: Study, group: str, infos: Sequence[VariantInfo], colors: Sequence[str]
) -> ChartPanel:
    labels = [tables.label(study.info, info.name) for info in infos]
    full = {info.name: info.steps for info in infos}
    rows = [
        {
            "line": label,
            "rate": value,
            "error": digits(trial.validation_error),
            "chosen": bool(trial.chosen),
            "text": f"{100 * trial.validation_error:.1f}%",
        }
        for info, label in zip(infos, labels, strict=True)
        for trial in study.tuning
        if trial.variant == info.name
        and trial.steps == full[info.name]
        and (value := rate(trial)) is not None
        and math.isfinite(trial.validation_error)
    ]
    x = alt.X(
        "rate:Q",
        title="Learning rate",
        scale=alt.Scale(type="log", nice=False, padding=8),
        axis=_axis({value for trial in study.tuning if (value := rate(trial)) is not None}),
    )
    y = alt.Y("error:Q", title=None, axis=alt.Axis(format=".0%", tickCount=5))
    scale = alt.Scale(domain=labels, range=list(colors))
    color = alt.Color("line:N", legend=None, scale=scale)
    lines = chart(rows).mark_line(strokeWidth=2, strokeJoin="round").encode(x=x, y=y, color=color)
    dots = chart(rows).mark_circle(size=34, opacity=1).encode(x=x, y=y, color=color)
    best = [row for row in rows if row["chosen"]]
    rings = chart(best).mark_point(size=120, strokeWidth=2).encode(x=x, y=y, color=color)
    tips = tooltip(("line", "Net"), ("rate", "Learning rate"), ("text", "Validation error"))
    seen = chart(rows).mark_circle(size=120, opacity=0).encode(x=x, y=y, tooltip=tips)
    return ChartPanel(group, (lines, dots, rings, seen), height=190, values=tuple(rows))
