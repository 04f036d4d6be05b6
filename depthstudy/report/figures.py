"""The charts, as Vega-Lite specifications.

A ``Panel`` is one chart with its title. The page lays panels out itself, so they reflow on a phone;
``poster`` joins the same panels into one picture for a file. Colors are names of ``palette``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from depthstudy.records import VariantInfo
from depthstudy.report import formats, palette, tables
from depthstudy.report.tables import Estimate, Study

Row = Mapping[str, Any]
ERRORS = {"train_error": "Train error", "test_error": "Test error"}
_SHAPES = ("circle", "square", "triangle-up", "diamond")
_CLIP = 18  # characters up to which a group's name stands beside its line
_AXIS = 54  # pixels of an axis with its title, and of padding


@dataclasses.dataclass(frozen=True)
class Panel:
    """One chart: its title, and the marks that are drawn over each other.

    Attributes:
      title: What is shown.
      marks: The layers, drawn in this order.
      height: Pixels of the plot without its axis.
      margin: Pixels that are kept free on the right.
      values: What is drawn, for a CSV file beside the figure.
    """

    title: str
    marks: tuple[alt.Chart, ...]
    height: int
    margin: int = 0
    values: tuple[Row, ...] = ()

    def spec(self, width: int | str) -> dict[str, Any]:
        """Returns the Vega-Lite specification for a poster, or for the page (``"container"``).

        On the page the whole chart has a fixed size, so that neighbors stand on one line.
        """
        page = width == "container"
        height = self.height + _AXIS if page else self.height
        chart = alt.layer(*self.marks).properties(width=width, height=height)
        spec = chart.to_dict()
        spec.pop("$schema")
        if not page:
            return spec
        spec["padding"] = {"left": 2, "top": 6, "right": self.margin + 4, "bottom": 2}
        return {**spec, "config": CONFIG, "autosize": {"type": "fit", "contains": "padding"}}


CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--grid)",
        "domainColor": "var(--rule)",
        "tickColor": "var(--rule)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "titlePadding": 10,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--muted)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "orient": "top",
        "columns": 2,
        "labelLimit": 260,
        "symbolSize": 90,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "rule": {"color": "var(--ink)"},
}


def chart(rows: Sequence[Row]) -> alt.Chart:
    """Returns a chart of these rows, which travel inside the specification."""
    return alt.Chart(alt.InlineData(values=list(rows)))


def digits(value: float) -> float | None:
    """Rounds to what an eye can see; what is not finite becomes ``None``, as JSON needs it."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def tooltip(*pairs: tuple[str, str]) -> list[alt.Tooltip]:
    """Returns the lines of a tooltip from pairs of a field and its title."""
    return [alt.Tooltip(field, type="nominal", title=title) for field, title in pairs]


# Error against depth, or, where depth does not vary, a row of dots for each variant.


def error_panels(study: Study) -> list[Panel]:
    """Returns train and test error of the finished runs, on one scale."""
    groups = tables.groups(study.info)
    lines = tables.has_depths(study.info) and len(groups) <= palette.GROUPS
    rows = {metric: error_rows(study, metric) for metric in ERRORS}
    tops = [row["high"] for both in rows.values() for row in both[0]]
    tops += [row["error"] for both in rows.values() for row in both[1]]
    top = error_top(value for value in tops if value is not None)
    draw = _lines if lines else _dots
    return [draw(ERRORS[metric], *rows[metric], top, list(groups)) for metric in ERRORS]


def error_top(errors: Iterable[float]) -> float:
    """Returns the end of an axis of errors: a little above all of them, and at most 100%."""
    top = max([0.01, *errors]) * 1.04
    return 1.0 if top > 0.8 else top


def error_rows(study: Study, metric: str) -> tuple[list[Row], list[Row]]:
    """Returns the rows of means and of single runs; intervals end at 0 and 100%."""
    groups = list(tables.groups(study.info))
    means: list[Row] = []
    runs: list[Row] = []
    for info in study.info.variants:
        base = _place(info, groups) | {"metric": metric}
        value = tables.final(study, info.name, metric)
        if value.count:
            means.append(base | _mean_row(value))
        mine = study.summary[study.summary["variant"] == info.name]
        for seed, error in zip(mine["seed"], mine[metric], strict=True):
            if math.isfinite(error):
                shown = {"seed": int(seed), "error": digits(error)}
                runs.append(base | shown | {"text": formats.percent(error)})
    return means, runs


def _place(info: VariantInfo, groups: list[str]) -> dict[str, Any]:
    spread = min(0.06, 0.2 / len(groups)) * (groups.index(info.group) - (len(groups) - 1) / 2)
    return {
        "variant": info.name,
        "group": info.group,
        "depth": info.depth,
        "x": digits(info.depth * (1 + spread)),
    }


def _mean_row(value: Estimate) -> dict[str, Any]:
    exact = math.isfinite(value.half)
    return {
        "error": digits(value.mean),
        "low": digits(max(0.0, value.low)) if exact else None,
        "high": digits(min(1.0, value.high)) if exact else None,
        "text": formats.percent(value.mean),
        "interval": f"{formats.percent(value.low)} to {formats.percent(value.high)}"
        if exact
        else formats.DASH,
        "seeds": value.count,
    }


def _error_axis(top: float) -> dict[str, Any]:
    axis = alt.Axis(format=".0%" if top > 0.05 else ".1%", tickCount=5)
    return {"scale": alt.Scale(domain=[0, top], nice=False), "axis": axis, "title": None}


def _lines(title: str, means: list[Row], runs: list[Row], top: float, groups: list[str]) -> Panel:
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
    return Panel(title, tuple(marks), height, margin, (*means, *runs))


def group_scale(groups: list[str], *, legend: bool) -> alt.Color:
    """Returns the colors of the groups, with their names as a legend or without."""
    return alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=groups, range=[palette.group(i) for i in range(len(groups))]),
        legend=alt.Legend() if legend else None,
    )


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


def _dots(title: str, means: list[Row], runs: list[Row], top: float, groups: list[str]) -> Panel:
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
    return Panel(title, marks, max(60, 24 * len(order)), 0, (*means, *runs))
