"""Probes that no section is about: their numbers as a table, what they say of layers as charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from depthstudy.records import NOT_APPLICABLE, Metric
from depthstudy.report.blocks import Row
from depthstudy.report.charts.layers.depthwise import through
from depthstudy.report.charts.lines import Line
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.charts.scales import scale_of
from depthstudy.report.tables import MeasuredNet
from depthstudy.report.text.formats import sentence_case, spaced
from depthstudy.report.text.sentences import value_of

TIMES = {  # suffix of a metric to when it was taken, in a table and in the label of a line
    "_initial": ("before training", " at initialization"),
    "_early": ("early on", " early on"),
    "": ("at the end", " at the end"),
}
_MEASURING = ("examples", "seconds")  # what is said of the measurement itself


class Measured(NamedTuple):
    """A metric that nets have records of: its probe, its name without suffix, what it means."""

    probe: str
    name: str
    metric: Metric

    @property
    def title(self) -> str:
        """Its title, with the number in its name where that has one."""
        return self.metric.title_of(self.name + self.metric.suffixes[0])


def measured(
    nets: Sequence[MeasuredNet], *, per_layer: bool, without: Collection[str]
) -> list[Measured]:
    """Returns the metrics of which a net has a record, probe by probe as its declaration goes.

    Args:
      nets: The nets.
      per_layer: Whether metrics of layers are asked for, or those of whole nets.
      without: Probes that have a section of their own.
    """
    known: dict[tuple[str, str], Measured] = {}
    for net in nets:
        for probe, name in _names(net, per_layer=per_layer):
            metric = net.metric(probe, name, per_layer=per_layer)
            base = name.removesuffix(metric.suffix(name) or "")
            if probe not in without and base not in _MEASURING:
                known.setdefault((probe, base), Measured(probe, base, metric))
    seen = list(dict.fromkeys(row.probe for row in known.values()))
    return sorted(known.values(), key=lambda row: (seen.index(row.probe), _place(nets[0], row)))


def _place(net: MeasuredNet, row: Measured) -> int:
    """Returns the place of a metric among those that its probe declares; undeclared ones last."""
    declared = net.metrics.get(row.probe, ())
    return declared.index(row.metric) if row.metric in declared else len(declared)


def _names(net: MeasuredNet, *, per_layer: bool) -> Iterator[tuple[str, str]]:
    """Yields probes and metrics of what is said of single layers, or of the whole net."""
    table = net.table
    layers = table["layer"].astype(str)
    mask = (layers != "") & ~layers.str.contains(" ~ ") if per_layer else layers == ""
    mask &= ~table["metric"].str.startswith(NOT_APPLICABLE)
    rows = table.loc[mask, ["probe", "metric"]].drop_duplicates()
    yield from zip(rows["probe"], rows["metric"], strict=True)


def number_rows(
    metrics: Sequence[Measured], titles: Mapping[str, str], rows_of: Callable[[Measured], list[Row]]
) -> tuple[Row, ...]:
    """Returns the rows of a table of numbers, those of each probe below its heading.

    Args:
      metrics: Which numbers.
      titles: Of the probes.
      rows_of: Makes the rows of a metric.
    """
    rows: list[Row] = []
    for probe in dict.fromkeys(metric.probe for metric in metrics):
        rows.append(Row(heading_of(titles, probe)))
        rows += [row for metric in metrics if metric.probe == probe for row in rows_of(metric)]
    return tuple(rows)


def chart_through(
    nets: Sequence[MeasuredNet], probe: str, name: str, suffixes: Sequence[str] = ("",)
) -> list[ChartPanel]:
    """Returns one chart of a metric of layers over the way through nets of several depths, or none.

    Args:
      nets: The nets.
      probe: What measured it.
      name: The metric, without suffix.
      suffixes: The times that are shown; a line before training is dashed.
    """
    metric = nets[0].metric(probe, name + suffixes[0], per_layer=True)
    title = metric.title_of(name + suffixes[0])
    lines = layer_lines(nets, probe, name, {suffix: TIMES[suffix][1] for suffix in suffixes})
    return through(title, lines, scale_of(metric), value_of(metric))


def layer_lines(
    nets: Sequence[MeasuredNet], probe: str, name: str, labels: Mapping[str, str]
) -> list[Line]:
    """Returns what a metric says along the layers of each net, dashed before training.

    Args:
      nets: The nets.
      probe: What measured it.
      name: The metric, without suffix.
      labels: Suffix of each time that is shown, to what the label of a line says of it; where there
        are several, lines have no ring at the border layer.
    """
    timed = len(labels) > 1
    lines = []
    for net in nets:
        for suffix, when in labels.items():
            metric = net.metric(probe, name + suffix, per_layer=True)
            values = net.layers(probe, name + suffix)
            intervals = net.intervals(probe, name + suffix)
            if metric.scale == "log":  # on which there is no 0
                values = {k: value if value > 0 else math.nan for k, value in values.items()}
                intervals = {k: ends for k, ends in intervals.items() if min(ends) > 0}
            border = "" if timed else net.border()
            label = f"{net.label}{when}" if timed else net.label
            lines.append(Line(label, net.color, values, suffix == "_initial", border, intervals))
    return lines


def heading_of(titles: Mapping[str, str], probe: str) -> str:
    """Returns the title of a probe, or its name where it has none."""
    return titles.get(probe, sentence_case(spaced(probe)))
