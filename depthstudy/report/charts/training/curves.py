"""Charts of the course of training."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from depthstudy.records import VariantInfo
from depthstudy.report import tables
from depthstudy.report.charts.panel import ChartPanel, Row, chart, digits, tooltip
from depthstudy.report.charts.scales import error_top, log_ticks
from depthstudy.report.tables import Study
from depthstudy.report.text import formats, palette

CURVES = (
    ("training", "loss", "Train loss"),
    ("evaluation", "train_error", "Train error"),
    ("evaluation", "validation_error", "Validation error"),
)
_ALSO_NEW = ("evaluation", "test_error", "Test error")  # of studies that hold nothing out
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
    errors = {name: tables.mean(study, name, "test_error").mean for name in names}
    known = sorted((name for name in names if math.isfinite(errors[name])), key=errors.__getitem__)
    marked = {}
    if known:
        marked = {known[-1]: ("highest", palette.group(0)), known[0]: ("lowest", palette.group(1))}
    lines = [Line(name, "the others", "var(--rule)") for name in names if name not in marked]
    top = [Line(name, f"{name} ({word} test error)", hue) for name, (word, hue) in marked.items()]
    return Family("All variants", (*lines, *top), (*top, *lines[:1]))


def curve_panels(study: Study, family: Family) -> list[ChartPanel]:
    """Returns loss, train error and error on new images against step for a family."""
    held_out = not tables.curve(study, "evaluation", "validation_error").empty
    curves = CURVES if held_out else (*CURVES[:-1], _ALSO_NEW)
    return [_curve(study, family, probe, metric, title) for probe, metric, title in curves]


def _curve(study: Study, family: Family, probe: str, metric: str, title: str) -> ChartPanel:
    log = metric == "loss"
    names = [line.variant for line in family.lines]
    table = tables.curve(study, probe, metric)
    if log:
        table = table[table["value"] > 0]
    low, high = _domain(table["value"], log=log)
    table = table[table["variant"].isin(names)]
    runs = _thin(table, _POINTS)
    means = _means(table, study.summary.groupby("variant").size())
    means = _thin(means, _POINTS)
    epochs = _epoch_steps(study)
    of_epoch = table["variant"].map(lambda name: epochs.get(name, 1.0)).astype(float)
    last = max([0.1 if epochs else 1.0, *(table["step"] / of_epoch)])
    x = alt.X(
        "at:Q",
        title="Epoch" if epochs else "Step",
        axis=alt.Axis(tickCount=4, format="~s"),
        scale=alt.Scale(domain=[0, last], nice=False),
    )
    scale = alt.Scale(type="log" if log else "linear", domain=[low, high], nice=False)
    axis = alt.Axis(format=".0%", tickCount=5)
    if log:
        axis = alt.Axis(format="~g", values=log_ticks(low, high))
    y = alt.Y("value:Q", title=None, scale=scale, axis=axis)
    colors = alt.Scale(domain=names, range=[line.color for line in family.lines])
    color = alt.Color("variant:N", scale=colors, legend=None)
    labels = {line.variant: line.variant for line in family.lines}
    run_rows, mean_rows = (_rows(rows, labels, metric, epochs) for rows in (runs, means))
    marks = [
        chart(mean_rows).mark_line(strokeWidth=2, strokeJoin="round").encode(x=x, y=y, color=color),
        chart(mean_rows)
        .mark_circle(size=70, opacity=0)
        .encode(x=x, y=y, tooltip=tooltip(("variant", "Net"), ("step", "Step"), ("text", title))),
    ]
    if shows_seeds(study, family):
        thin = chart(run_rows).mark_line(strokeWidth=0.9, opacity=0.4)
        marks.insert(0, thin.encode(x=x, y=y, color=color, detail="seed:N"))
    ends = _crosses(study, table, epochs) if log else []
    if ends:
        cross = chart(ends).mark_point(shape="M-1,-1L1,1M1,-1L-1,1", size=50, strokeWidth=2)
        tips = tooltip(("variant", "Net"), ("seed", "Seed"), ("step", "Diverged, last step"))
        marks.append(cross.encode(x=x, y=y, color=color, tooltip=tips))
    return ChartPanel(title, tuple(marks), 180, 6, tuple(mean_rows))


def shows_seeds(study: Study, family: Family) -> bool:
    """Whether single seeds are drawn, too: not where there is one, nor where lines are many."""
    return study.has_seeds and len(family.lines) <= 12


def _crosses(study: Study, table: pd.DataFrame, epochs: Mapping[str, float]) -> list[Row]:
    """Returns the last point of each run that diverged."""
    diverged = tables.curve(study, "run", "diverged_at_step")[["variant", "seed"]]
    last = table.groupby(["variant", "seed"], as_index=False).last().merge(diverged)
    names = {name: name for name in last["variant"]}
    return _rows(last[list(table.columns)], names, "loss", epochs)


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


def _means(table: pd.DataFrame, seeds: pd.Series) -> pd.DataFrame:
    """Averages over the seeds, at steps that all seeds reached: a survivor is no average."""
    grouped = table.groupby(["variant", "step"], sort=True)["value"].agg(["mean", "count"])
    every = seeds.reindex(grouped.index.get_level_values("variant")).to_numpy()
    whole = grouped[grouped["count"] == every].reset_index()
    return whole.rename(columns={"mean": "value"}).assign(seed=-1)[list(table.columns)]


def _epoch_steps(study: Study) -> dict[str, float]:
    """Returns the steps of an epoch of each variant; nothing where they are not known of all."""
    steps = {info.name: info.epoch_steps for info in study.info.variants}
    return steps if all(steps.values()) else {}


def _rows(
    table: pd.DataFrame, labels: Mapping[str, str], metric: str, epochs: Mapping[str, float]
) -> list[Row]:
    say = formats.percent if metric.endswith("error") else "{:.3g}".format
    return [
        {
            "variant": labels[variant],
            "seed": int(seed),
            "step": int(step),
            "at": digits(step / epochs.get(variant, 1.0)),
            "value": digits(value),
            "text": say(value),
        }
        for variant, seed, step, value in table.itertuples(index=False)
    ]
