"""Charts of the course of training, and of the parts of the lost accuracy."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from depthstudy.records import Decomposition, VariantInfo
from depthstudy.report import formats, palette, tables
from depthstudy.report.figures import Panel, Row, chart, digits, error_top, tooltip
from depthstudy.report.tables import Study

CURVES = (
    ("training", "loss", "Train loss"),
    ("evaluation", "train_error", "Train error"),
    ("evaluation", "test_error", "Test error"),
)
PARTS = ("total", "optimization", "generalization")
_POINTS = 2_400  # points of one chart, so that the page stays small
_ROWS = 6  # groups that get a row of charts of their own


@dataclasses.dataclass(frozen=True)
class Line:
    """A variant in the curves of its family: its color, and its label in the legend."""

    variant: str
    label: str
    color: str


@dataclasses.dataclass(frozen=True)
class Family:
    """Variants whose curves share a row of charts."""

    title: str
    lines: tuple[Line, ...]
    legend: tuple[Line, ...]


def families(study: Study) -> list[Family]:
    """Returns the rows of curves: a group each with depth as shade, or all variants in one."""
    groups = tables.groups(study.info)
    if tables.has_depths(study.info) and len(groups) <= _ROWS:
        return [_shaded(study, name, rows, i) for i, (name, rows) in enumerate(groups.items())]
    names = [info.name for info in study.info.variants]
    if len(names) <= palette.GROUPS:
        lines = tuple(Line(name, name, palette.group(i)) for i, name in enumerate(names))
        return [Family("All variants", lines, lines)]
    return [_ranked(study, names)]


def _shaded(study: Study, name: str, rows: Sequence[VariantInfo], index: int) -> Family:
    colors = palette.shades(index, len(rows))
    lines = tuple(
        Line(row.name, tables.label(study.info, row.name), color)
        for row, color in zip(rows, colors, strict=True)
    )
    return Family(name, lines, lines)


def _ranked(study: Study, names: Sequence[str]) -> Family:
    """Colors the best and the worst of many variants; the others stay gray."""
    errors = {name: tables.final(study, name, "test_error").mean for name in names}
    known = sorted((name for name in names if math.isfinite(errors[name])), key=errors.__getitem__)
    marked = {}
    if known:
        marked = {known[-1]: ("highest", palette.group(0)), known[0]: ("lowest", palette.group(1))}
    lines = [Line(name, "the others", "var(--rule)") for name in names if name not in marked]
    top = [Line(name, f"{name} ({word} test error)", hue) for name, (word, hue) in marked.items()]
    return Family("All variants", (*lines, *top), (*top, *lines[:1]))


def curve_panels(study: Study, family: Family) -> list[Panel]:
    """Returns loss, train error and test error against step for a family."""
    return [_curve(study, family, probe, metric, title) for probe, metric, title in CURVES]


def _curve(study: Study, family: Family, probe: str, metric: str, title: str) -> Panel:
    log = metric == "loss"
    names = [line.variant for line in family.lines]
    table = tables.curve(study, probe, metric)
    if log:
        table = table[table["value"] > 0]
    low, high = _domain(table["value"], log=log)
    table = table[table["variant"].isin(names)]
    runs = _thin(table, _POINTS)
    means = _means(table, study.info.seeds)
    means = _thin(means, _POINTS)
    last = max([1, *table["step"]])
    x = alt.X(
        "step:Q",
        title="Step",
        axis=alt.Axis(tickCount=4, format="~s"),
        scale=alt.Scale(domain=[0, last], nice=False),
    )
    scale = alt.Scale(type="log" if log else "linear", domain=[low, high], nice=False)
    decades = [10.0**n for n in range(math.floor(math.log10(low)), 4)] if log else []
    axis = alt.Axis(format="~g", values=decades) if log else alt.Axis(format=".0%", tickCount=5)
    y = alt.Y("value:Q", title=None, scale=scale, axis=axis)
    colors = alt.Scale(domain=names, range=[line.color for line in family.lines])
    color = alt.Color("variant:N", scale=colors, legend=None)
    labels = {line.variant: line.variant for line in family.lines}
    run_rows, mean_rows = _rows(runs, labels, metric), _rows(means, labels, metric)
    marks = [
        chart(mean_rows).mark_line(strokeWidth=2, strokeJoin="round").encode(x=x, y=y, color=color),
        chart(mean_rows)
        .mark_circle(size=70, opacity=0)
        .encode(x=x, y=y, tooltip=tooltip(("variant", "Net"), ("step", "Step"), ("text", title))),
    ]
    if shows_seeds(study, family):
        thin = chart(run_rows).mark_line(strokeWidth=0.9, opacity=0.4)
        marks.insert(0, thin.encode(x=x, y=y, color=color, detail="seed:N"))
    ends = _crosses(study, table) if log else []
    if ends:
        cross = chart(ends).mark_point(shape="M-1,-1L1,1M1,-1L-1,1", size=50, strokeWidth=2)
        told = tooltip(("variant", "Net"), ("seed", "Seed"), ("step", "Diverged, last step"))
        marks.append(cross.encode(x=x, y=y, color=color, tooltip=told))
    return Panel(title, tuple(marks), 180, 6, tuple(mean_rows))


def shows_seeds(study: Study, family: Family) -> bool:
    """Whether single seeds are drawn, too: not where there is one, nor where lines are many."""
    return study.info.seeds > 1 and len(family.lines) <= 12


def _crosses(study: Study, table: pd.DataFrame) -> list[Row]:
    """Returns the last point of each run that diverged."""
    diverged = tables.curve(study, "run", "diverged_at_step")[["variant", "seed"]]
    last = table.groupby(["variant", "seed"], as_index=False).last().merge(diverged)
    return _rows(last[list(table.columns)], {name: name for name in last["variant"]}, "loss")


def _domain(values: pd.Series, *, log: bool) -> tuple[float, float]:
    if not log:
        return 0.0, error_top(values)
    return (min(values), max(values)) if len(values) else (0.1, 1.0)


def _thin(table: pd.DataFrame, budget: int) -> pd.DataFrame:
    """Keeps every n-th point of each run, and its last, so that ``budget`` points remain."""
    every = math.ceil(len(table) / budget)
    if every <= 1:
        return table
    position = table.groupby(["variant", "seed"]).cumcount()
    left = table.groupby(["variant", "seed"]).cumcount(ascending=False)
    return table[(position % every == 0) | (left == 0)]


def _means(table: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Averages over the seeds, at steps that all seeds reached: a survivor is no average."""
    grouped = table.groupby(["variant", "step"], sort=True)["value"].agg(["mean", "count"])
    whole = grouped[grouped["count"] == seeds].reset_index()
    return whole.rename(columns={"mean": "value"}).assign(seed=-1)[list(table.columns)]


def _rows(table: pd.DataFrame, labels: Mapping[str, str], metric: str) -> list[Row]:
    say = formats.percent if metric.endswith("error") else "{:.3g}".format
    return [
        {
            "variant": labels[variant],
            "seed": int(seed),
            "step": int(step),
            "value": digits(value),
            "text": say(value),
        }
        for variant, seed, step, value in table.itertuples(index=False)
    ]


def part_panel(study: Study, group: str) -> Panel:
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
    return Panel(group, marks, max(70, 62 * len(order)), 40, tuple(values))


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
