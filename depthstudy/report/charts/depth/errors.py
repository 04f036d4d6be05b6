"""Error against depth, or, where depth does not vary, a row of dots for each variant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt

from depthstudy.records import Mean, VariantInfo
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, Row, chart, digits, tooltip
from depthstudy.report.charts.scales import error_top, group_scale
from depthstudy.report.tables import Study
from depthstudy.report.text import formats, palette

ERRORS = {"train_error": "Train error", "test_error": "Test error"}
_SHAPES = ("circle", "square", "triangle-up", "diamond")
_ROOM = 1.5  # the axis against the greatest error, at most; intervals are cut at its end
_LEAST_SEEDS = 3  # for an interval to be drawn: that of two may span the whole chart
_CLIP = 18  # characters up to which a group's name stands beside its line


def error_panels(study: Study) -> list[ChartPanel]:
    """Returns train and test error of the finished runs, on one scale."""
    groups = tables.depth_series(study.info)
    lines = tables.has_depths(study.info) and len(groups) <= palette.GROUPS
    if not lines:
        groups = tables.groups(study.info)
    rows = {metric: error_rows(study, metric, groups) for metric in ERRORS}
    errors = [row["error"] for both in rows.values() for part in both for row in part]
    highs = [row["high"] for both in rows.values() for row in both[0] if row["high"] is not None]
    # Intervals from two seeds may be many times as long as what sets the nets apart.
    most = _ROOM * max(errors, default=0.0)
    top = error_top([*errors, *(min(high, most) for high in highs)])
    draw = _lines if lines else _dots
    return [draw(ERRORS[metric], *rows[metric], top, list(groups)) for metric in ERRORS]


def error_rows(
    study: Study, metric: str, groups: Mapping[str, Sequence[VariantInfo]]
) -> tuple[list[Row], list[Row]]:
    """Returns the rows of means and of single runs; intervals end at 0 and 100%."""
    means: list[Row] = []
    runs: list[Row] = []
    for place, group, info in _listed(study, groups):
        base = _place(info, group, place, len(groups)) | {"metric": metric}
        value = tables.mean(study, info.name, metric)
        if value.seeds:
            means.append(base | _mean_row(value))
        finished = study.summary[study.summary["variant"] == info.name]
        for seed, error in zip(finished["seed"], finished[metric], strict=True):
            if math.isfinite(error):
                shown = {"seed": int(seed), "error": digits(error)}
                runs.append(base | shown | {"text": formats.percent(error)})
    return means, runs


def _listed(
    study: Study, groups: Mapping[str, Sequence[VariantInfo]]
) -> Iterator[tuple[int, str, VariantInfo]]:
    """Yields variants in the order of the plan, with each group that they are in and its place."""
    for info in study.info.variants:
        for place, (group, members) in enumerate(groups.items()):
            if info in members:
                yield place, group, info


def _place(info: VariantInfo, group: str, place: int, count: int) -> dict[str, Any]:
    spread = min(0.06, 0.2 / count) * (place - (count - 1) / 2)
    return {
        "variant": info.name,
        "group": group,
        "depth": info.depth,
        "x": digits(info.depth * (1 + spread)),
    }


def _mean_row(value: Mean) -> dict[str, Any]:
    exact = math.isfinite(value.low) and value.seeds >= _LEAST_SEEDS
    return {
        "error": digits(value.mean),
        "low": digits(max(0.0, value.low)) if exact else None,
        "high": digits(min(1.0, value.high)) if exact else None,
        "text": formats.percent(value.mean),
        "interval": formats.interval(value.low, value.high),
        "seeds": value.seeds,
    }


def _error_axis(top: float) -> dict[str, Any]:
    axis = alt.Axis(format=".0%" if top > 0.05 else ".1%", tickCount=5)
    return {
        "scale": alt.Scale(domain=[0, top], nice=False, clamp=True),
        "axis": axis,
        "title": None,
    }


def _lines(
    title: str, means: list[Row], runs: list[Row], top: float, groups: list[str]
) -> ChartPanel:
    height, direct = 270, max(map(len, groups)) <= _CLIP
    depths = sorted({row["depth"] for row in means}) or [1]
    x = alt.X(
        "x:Q",
        title="Depth (weight layers)",
        scale=alt.Scale(type="log", base=2, nice=False, domain=[depths[0] / 1.1, depths[-1] * 1.1]),
        axis=alt.Axis(values=depths, labelOverlap="greedy", format="d"),
    )
    y = alt.Y("error:Q", **_error_axis(top))
    color = group_scale(groups, legend=not direct)
    shape = alt.Shape(
        "group:N",
        legend=None,
        scale=alt.Scale(domain=groups, range=[_SHAPES[i % 4] for i in range(len(groups))]),
    )
    tips = tooltip(
        ("variant", "Net"), ("text", title), ("interval", "95% interval"), ("seeds", "Seeds")
    )
    seed_tips = tooltip(("variant", "Net"), ("seed", "Seed"), ("text", title))
    marks = [
        chart(means).mark_line(strokeWidth=2).encode(x=x, y=y, color=color),
        chart([row for row in means if row["low"] is not None])
        .mark_rule(strokeWidth=1.6, opacity=0.75)
        .encode(x=x, y=alt.Y("low:Q", **_error_axis(top)), y2="high:Q", color=color),
        chart(runs)
        .mark_circle(size=32, opacity=0.5)
        .encode(x=x, y=y, color=color, tooltip=seed_tips),
        chart(means)
        .mark_point(size=62, filled=True, opacity=1)
        .encode(x=x, y=y, color=color, shape=shape, tooltip=tips),
    ]
    if direct:
        names = alt.Text("group:N")
        text = chart(_line_ends(means, 16 * top / height)).mark_text(
            align="left", dx=12, fontWeight=600, fontSize=13
        )
        marks.append(text.encode(x=x, y=y, color=color, text=names))
    margin = round(12 + 7.2 * max(map(len, groups))) if direct else 0
    return ChartPanel(title, tuple(marks), height, margin, (*means, *runs))


def _line_ends(means: list[Row], gap: float) -> list[Row]:
    """Returns the last row of each group, moved apart so that names do not overlap."""
    last = {row["group"]: row for row in sorted(means, key=lambda row: row["depth"])}
    rows = sorted(last.values(), key=lambda row: row["error"])
    heights = spread([row["error"] for row in rows], gap)
    return [{**row, "error": height} for row, height in zip(rows, heights, strict=True)]


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Raises rising ``values`` as little as it takes to keep them ``gap`` apart."""
    placed: list[float] = []
    for value in values:
        placed.append(max(value, placed[-1] + gap) if placed else value)
    return placed


def _dots(
    title: str, means: list[Row], runs: list[Row], top: float, groups: list[str]
) -> ChartPanel:
    order = [row["variant"] for row in means]
    y = alt.Y(
        "variant:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelLimit=190, labelColor="var(--ink)", grid=True),
    )
    x = alt.X("error:Q", **_error_axis(top))
    few = len(groups) <= palette.GROUPS
    color = group_scale(groups, legend=False) if few else alt.value(palette.group(1))
    tips = tooltip(
        ("variant", "Net"), ("text", title), ("interval", "95% interval"), ("seeds", "Seeds")
    )
    seed_tips = tooltip(("variant", "Net"), ("seed", "Seed"), ("text", title))
    marks = (
        chart([row for row in means if row["low"] is not None])
        .mark_rule(strokeWidth=1.6, opacity=0.75)
        .encode(y=y, x=alt.X("low:Q", **_error_axis(top)), x2="high:Q", color=color),
        chart(runs)
        .mark_circle(size=32, opacity=0.5)
        .encode(y=y, x=x, color=color, tooltip=seed_tips),
        chart(means).mark_circle(size=80, opacity=1).encode(y=y, x=x, color=color, tooltip=tips),
    )
    return ChartPanel(title, marks, max(60, 24 * len(order)), 0, (*means, *runs))
