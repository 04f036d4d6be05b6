"""Bars of points with their intervals: parts of a loss, and what treatments win back of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from depthstudy.records import Attribution, Decomposition
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, Row, chart, digits, tooltip
from depthstudy.report.tables import Study
from depthstudy.report.text import formats

PARTS = ("total", "optimization", "generalization")
_SURE, _CHANCE = 0.7, 0.2  # opacity of what is told from chance, and of what is not


def part_panel(study: Study, group: str) -> ChartPanel:
    """Returns the parts of the lost accuracy of a group's deeper variants, in points."""
    rows = [row for row in study.decomposition if row.group == group]
    order = list(dict.fromkeys(tables.label(study.info, row.variant) for row in rows))
    best = tables.label(study.info, rows[0].best)
    values = [_part_row(row, tables.label(study.info, row.variant)) for row in rows]
    low, high = _part_domain(study.decomposition)
    y = alt.Y(
        "net:N", sort=order, title=None, axis=alt.Axis(labelColor="var(--ink)", labelLimit=160)
    )
    offset = alt.YOffset("part:N", sort=list(PARTS), scale=alt.Scale(paddingInner=0.28))
    fine = ".1f" if high - low < 8 else ".0f"
    axis = alt.Axis(format=fine, tickCount=6, grid=True)
    scale = alt.Scale(domain=[low, high], nice=False)
    x = alt.X("effect:Q", title=f"Points of error more than {best}", scale=scale, axis=axis)
    color = alt.Color(
        "part:N",
        legend=None,
        scale=alt.Scale(domain=list(PARTS), range=[f"var(--{part})" for part in PARTS]),
    )
    shown = tooltip(
        ("net", "Net"), ("part", "Part"), ("text", "Points"), ("interval", "95% interval")
    )
    whole = [row for row in values if row["low"] is not None]
    marks = (
        chart(values)
        .mark_bar(opacity=0.62)
        .encode(x=x, y=y, yOffset=offset, color=color, tooltip=shown),
        chart(whole)
        .mark_rule(strokeWidth=1.4)
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y, yOffset=offset),
        chart([{"zero": 0}]).mark_rule(strokeWidth=1).encode(x=alt.X("zero:Q", scale=scale)),
        chart(values)
        .mark_text(align="left", dx=6, fontSize=11, color="var(--muted)")
        .encode(x=alt.X("edge:Q", scale=scale), y=y, yOffset=offset, text="text:N"),
    )
    return ChartPanel(group, marks, max(70, 62 * len(order)), 40, tuple(values))


def _part_row(row: Decomposition, net: str) -> dict[str, object]:
    exact = math.isfinite(row.low) and math.isfinite(row.high)
    low, high = (100 * row.low, 100 * row.high) if exact else (math.nan, math.nan)
    return {
        "net": net,
        "part": row.part,
        "effect": digits(100 * row.effect),
        "low": digits(low),
        "high": digits(high),
        "edge": digits(max(0.0, 100 * row.effect, high if exact else 0.0)),
        "text": formats.signed(row.effect),
        "interval": f"{formats.number(low)} to {formats.number(high)}" if exact else formats.DASH,
    }


def _part_domain(rows: Sequence[Decomposition]) -> tuple[float, float]:
    ends = [end for row in rows for end in (row.effect, row.low, row.high) if math.isfinite(end)]
    low, high = 100 * min([0.0, *ends]), 100 * max([0.0, *ends])
    margin = 0.04 * max(high - low, 1.0)
    return low - margin * (low < 0), high + margin


def cause_panel(
    title: str,
    lost_label: str,
    excess: Decomposition,
    rows: Sequence[tuple[str, str, Attribution]],
) -> ChartPanel:
    """Returns the points that each treatment wins back, below those that were lost.

    Args:
      title: What is shown.
      lost_label: Label of the bar of what was lost.
      excess: What was lost.
      rows: Of each treatment its label, its color and what it wins back.
    """
    bars = [_lost_row(lost_label, excess), *(_won_row(*row) for row in rows)]
    whole = [bar for bar in bars if bar["low"] is not None]
    low, high = _domain(bars)
    scale = alt.Scale(domain=[low, high], nice=False)
    fine = ".1f" if high - low < 8 else ".0f"
    axis = alt.Axis(format=fine, tickCount=6, grid=True)
    x = alt.X("points:Q", title="Points of test error, lost and won back", scale=scale, axis=axis)
    order = [bar["label"] for bar in bars]
    two_lines = r"split(replace(datum.label, ' (', '\n('), '\n')"
    labels = alt.Axis(labelColor="var(--ink)", labelLimit=180, labelExpr=two_lines, labelOffset=-7)
    y = alt.Y("label:N", sort=order, title=None, axis=labels, scale=alt.Scale(paddingInner=0.36))
    color = alt.Color("color:N", scale=None, legend=None)
    shown = tooltip(("label", "Treatment"), ("text", "Points"), ("interval", "95% interval"))
    lost = chart([{"lost": bars[0]["points"]}])
    marks = (
        lost.mark_rule(strokeWidth=1.4, strokeDash=[4, 3], color="var(--total)").encode(
            x=alt.X("lost:Q", scale=scale)
        ),
        chart(bars)
        .mark_bar()
        .encode(x=x, y=y, color=color, tooltip=shown, opacity=alt.Opacity("sure:Q", scale=None)),
        chart(whole)
        .mark_rule(strokeWidth=1.4)
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y),
        chart([{"zero": 0}]).mark_rule(strokeWidth=1).encode(x=alt.X("zero:Q", scale=scale)),
        chart(bars)
        .mark_text(align="left", dx=7, fontSize=12)
        .encode(x=alt.X("edge:Q", scale=scale), y=y, text="text:N"),
    )
    return ChartPanel(title, marks, 38 * len(bars), 76, tuple(bars))


def _lost_row(label: str, excess: Decomposition) -> dict[str, Any]:
    text = formats.number(100 * excess.effect)
    return _bar(label, "var(--total)", (excess.effect, excess.low, excess.high), text, _SURE)


def _won_row(label: str, color: str, row: Attribution) -> dict[str, Any]:
    numbers = (row.recovered, row.low, row.high)
    text = formats.number(100 * row.recovered)
    if row.established:
        text = f"{text} ({formats.number(100 * row.share, 0)}%)"
    sure = _SURE if row.established or row.high < 0 else _CHANCE
    return _bar(label, color, numbers, text, sure)


def _bar(
    label: str, color: str, numbers: tuple[float, float, float], text: str, sure: float
) -> dict[str, Any]:
    points, low, high = (100 * value for value in numbers)
    exact = math.isfinite(low) and math.isfinite(high)
    return {
        "label": label,
        "color": color,
        "points": digits(points),
        "low": digits(low),
        "high": digits(high),
        "edge": digits(max(0.0, points, high if exact else 0.0)),
        "text": text,
        "sure": sure,
        "interval": f"{formats.number(low)} to {formats.number(high)}" if exact else formats.DASH,
    }


def _domain(bars: Sequence[Row]) -> tuple[float, float]:
    ends = [bar[key] for bar in bars for key in ("points", "low", "high") if bar[key] is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    margin = 0.02 * max(high - low, 1.0)
    return low - margin * (low < 0), high + margin
