"""The net as a whole: numbers, and layers, of all probes without a section of their own."""

from __future__ import annotations

import dataclasses

from depthstudy.records import NOT_APPLICABLE
from depthstudy.report import probes
from depthstudy.report.analysis.parts import charts, net_marks, picture, shared_chart
from depthstudy.report.blocks import Block, Cell, Items, Key, Mark, Row, Section, Table, Text
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.charts.scales import scale_of
from depthstudy.report.probes import Measured
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.text.formats import DASH, listing, sentence_case
from depthstudy.report.text.sentences import INTERVALS, ends_of, value_of

_TITLE = "The net as a whole"
_SECTIONS = (
    "gradients", "cka", "deletion", "deletion_reestimated", "linear", "rank", "density", "field",
)  # fmt: skip
_TIMES = (("_initial", "at initialization"), ("_early", "early in training"))


@dataclasses.dataclass(frozen=True)
class Column:
    """A net, at initialization, early in training, or as it is."""

    net: MeasuredNet
    suffix: str
    title: str

    def value(self, row: Measured) -> float | None:
        """Returns the value of a metric, or ``None`` where there is none."""
        return self.net.rows(row.probe, f"{row.name}{self.suffix}").get("")

    def interval(self, row: Measured) -> str:
        """Returns its interval over images as text, ``""`` where it has none."""
        ends = self.net.intervals(row.probe, f"{row.name}{self.suffix}").get("")
        return ends_of(row.metric, ends)


def section(analysis: Analysis) -> Section | None:
    """Returns the table of numbers, charts of layers, and which probes do not apply."""
    metrics = probes.measured(analysis.nets, per_layer=False, without=_SECTIONS)
    refused = refusals(analysis)
    panels, notes = layer_panels(analysis)
    if not (metrics or panels or refused):
        return None
    blocks: list[Block] = []
    if metrics:
        shown = columns(analysis, metrics)
        rows = probes.number_rows(
            metrics, analysis.info.probe_titles, lambda row: [_row(row, shown)]
        )
        colors = tuple(c.net.color for c in shown) if analysis.are_several else ()
        blocks.append(Table(("", *(c.title for c in shown)), rows, "numbers", colors))
        if any(column.interval(row) for column in shown for row in metrics):
            blocks.append(Text(INTERVALS, "note"))
    if panels:
        times = (Mark("at initialization", "dashed"), Mark("at the checkpoint", "solid"))
        blocks += [
            Key((*net_marks(analysis), *times)),
            charts(panels),
            Text(" ".join(notes), "note"),
        ]
    if refused:
        blocks.append(Items.plain(refused, "refused"))
    files = (picture(analysis, "probes", "Along the layers", panels),) if panels else ()
    return Section(_TITLE, tuple(blocks), files)


def columns(analysis: Analysis, metrics: list[Measured]) -> list[Column]:
    """Returns the columns that hold a number."""
    shown = []
    for net in analysis.nets:
        for suffix, when in (*_TIMES, ("", net.when)):
            title = f"{net.label} {when}" if analysis.are_several else sentence_case(when)
            column = Column(net, suffix, title)
            if any(column.value(row) is not None for row in metrics):
                shown.append(column)
    return shown


def _row(row: Measured, shown: list[Column]) -> Row:
    return Row(row.title, tuple(_cell(row, c) for c in shown), note=row.metric.note)


def _cell(row: Measured, column: Column) -> str | Cell:
    value = column.value(row)
    if value is None:
        return DASH
    text, ends = value_of(row.metric)(value), column.interval(row)
    return Cell(text, note=ends) if ends else text


def layer_panels(analysis: Analysis) -> tuple[list[ChartPanel], list[str]]:
    """Returns the charts along the layers of probes without a section, and what they show."""
    panels: list[ChartPanel] = []
    notes = []
    for row in probes.measured(analysis.nets, per_layer=True, without=_SECTIONS):
        labels = {
            suffix: f" {when}"
            for suffix, when in (("_initial", "at initialization"), ("", "at the checkpoint"))
            if suffix in row.metric.suffixes
        }
        lines = probes.layer_lines(analysis.nets, row.probe, row.name, labels)
        say = value_of(row.metric)
        drawn = shared_chart(row.title, analysis, lines, scale_of(row.metric), say)
        panels += drawn
        notes += [f"{row.title}: {row.metric.note}."] if drawn else []
    return panels, notes


def refusals(analysis: Analysis) -> list[str]:
    """Names the probes that do not apply, with the nets and the reason."""
    labels_of: dict[tuple[str, str], list[str]] = {}
    for net in analysis.nets:
        whole = net.table["layer"] == ""
        table = net.table[whole & net.table["metric"].str.startswith(NOT_APPLICABLE)]
        for probe, metric in zip(table["probe"], table["metric"], strict=True):
            key = (probe, metric.removeprefix(NOT_APPLICABLE))
            labels_of.setdefault(key, []).append(net.label)
    return [
        f"{probe} does not apply"
        f"{f' to {listing(labels)}' if analysis.are_several else ''}: {reason}."
        for (probe, reason), labels in labels_of.items()
    ]
