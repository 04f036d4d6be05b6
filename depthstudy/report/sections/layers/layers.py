"""Why, layer by layer: for each group of a study, what probes measured of its nets, by depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from depthstudy import records
from depthstudy.records import Metric
from depthstudy.report import probes, tables
from depthstudy.report.blocks import (
    Block,
    Cell,
    Charts,
    Details,
    Figure,
    Fold,
    Key,
    Mark,
    Picture,
    Ramp,
    Row,
    Section,
    Table,
    Text,
)
from depthstudy.report.charts.layers import deletion, heat
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.probes import Measured
from depthstudy.report.sections.layers import layer_sentences as sentences
from depthstudy.report.tables import MeasuredNet, Study
from depthstudy.report.text import palette
from depthstudy.report.text.formats import sentence_case
from depthstudy.report.text.sentences import INTERVALS, ends_of, value_of

Nets = Sequence[MeasuredNet]

_ELSEWHERE = ("training", "evaluation", "run", "density")  # probes that other sections show
_PICTURED = (
    "gradients", "underflow", "linear", "rank", "cka", "deletion", "deletion_reestimated", "field",
)  # fmt: skip
_KEY = ["probe", "layer", "metric"]
_MAP = 236  # pixels of a map
_BLOCKS = 32  # blocks that a map shows
_ENDS_OF_TRAINING = ("_initial", "")
_PICTURES: tuple[
    tuple[str, str, tuple[str, ...], Callable[[Nets], str]], ...
] = (  # probe, metric, times and sentence of each chart along depth
    ("gradients", "gradient_norm", _ENDS_OF_TRAINING, sentences.gradients),
    ("underflow", "underflow", _ENDS_OF_TRAINING, sentences.underflow),
    ("linear", "probe_accuracy", ("",), sentences.separation),
    ("rank", "saturation", ("",), sentences.saturation),
)
_INTRODUCTION = (
    "What the trained nets look like inside: signs of what may be wrong, where treatments above "
    "are the proof. A net’s first layer is next to the image, its last next to the answer."
)
_HOW_TO_READ = (
    "Gradients: how strongly each layer is told to change, on a logarithmic scale; if that falls a "
    "lot toward the first layer, the first layers hardly learn. Classes: the accuracy on new "
    "images of a simple classifier that sees only what a block gives out (Alain & Bengio 2016); "
    "blocks after which it no longer rises add little. Saturation: the share of directions that "
    "hold 99% of the variance (Richter 2021). Alike: debiased linear CKA of what two blocks give "
    "out for the same images (Kornblith 2019); a large dark square is a run of blocks that do "
    "nearly the same. Blocks taken out: test error without one block, with no training afterwards "
    "(Veit 2016); × marks blocks that have to stay, the dotted line the whole net."
)


def section(study: Study) -> Section | None:
    """Returns what was measured of the whole nets, or ``None`` where nothing was."""
    whole = tables.whole_nets(study)
    table = whole.measurements[~whole.measurements["probe"].isin(_ELSEWHERE)]
    folds: list[Fold] = []
    pictures = []
    for index, (name, infos) in enumerate(tables.groups(whole.info).items()):
        colors = palette.shades(index, len(infos))
        nets = [
            _net(whole, info, color, rows)
            for info, color in zip(infos, colors, strict=True)
            if len(rows := table[table["variant"] == info.name])
        ]
        if nets:
            seeds = table.loc[table["variant"] == nets[0].info.variant, "seed"].nunique()
            blocks, panels = _group(whole, nets, seeds)
            labels = ", ".join(net.label for net in nets)
            folds.append(Fold(name, labels, blocks, is_open=not folds))
            if panels:
                key = tuple((net.label, net.color) for net in nets)
                notes = ("dashed: before training; rings: border layer",)
                file, title = f"layers_{len(folds)}", f"Layers, {name}"
                pictures.append(Picture(file, title, notes, panels, 3, 250, key))
    if not folds:
        return None
    how = Details("How to read these pictures", (Text(_HOW_TO_READ),))
    more = [how] if pictures else []
    introduction = Text(_INTRODUCTION, "note")
    return Section("Why, layer by layer", (introduction, *folds, *more), tuple(pictures))


def _net(study: Study, info: records.VariantInfo, color: str, table: pd.DataFrame) -> MeasuredNet:
    """Returns a variant as a measured net; numbers are means over seeds."""
    numbers = ["value", "low", "high"]
    means = table.groupby(_KEY, sort=False)[numbers].mean(skipna=False).reset_index()
    run = records.AnalysisRun(
        folder="",
        study=study.info.name,
        variant=info.name,
        seed=int(table["seed"].min()),
        step=int(table["step"].max()),
        family=str(info.settings.get("model.family", "")),
        depth=info.depth,
        image_shape=info.image_shape,
    )
    label = tables.label(study.info, info.name)
    return MeasuredNet(run, label, color, means, study.info.metrics)


def _group(
    study: Study, nets: Nets, seeds: int
) -> tuple[tuple[Block, ...], tuple[ChartPanel, ...]]:
    """Returns the blocks of a group, and its charts."""
    along = list(_along(nets))
    maps = tuple(
        heat.similarity_map(f"How alike blocks are: {net.label}", net, height=_MAP, most=_BLOCKS)
        for net in nets
        if net.pairs("cka", "cka")
    )
    without = tuple(deletion.block_panels(nets))
    panels = (*(panel for panel, _ in along), *maps, *without)
    ramp = Ramp("unrelated 0", "1 the same", tuple(palette.heat()))
    measured = "Measured on one seed." if seeds == 1 else f"Means over {seeds} seeds."
    notes = (sentences.border(nets), sentences.refusal(nets), measured)
    captions = tuple(sentence for _, sentence in along)
    blocks = (
        *([_key(nets)] if panels else ()),
        *([Charts(tuple(p for p, _ in along), "three", captions)] if along else ()),
        *([Figure((ramp, Charts(maps, "three")), sentences.alike(nets))] if maps else ()),
        *([Figure((Charts(without, "three"),), sentences.blocks(nets))] if without else ()),
        *_numbers(study, nets),
        *(Text(note, "note") for note in notes if note),
    )
    return blocks, panels


def _key(nets: Nets) -> Key:
    ring = [Mark("border layer", "ring")] if any(net.border() for net in nets) else []
    times = (Mark("before training", "dashed"), Mark("at the end", "solid"))
    return Key((*(Mark(net.label, "line", net.color) for net in nets), *times, *ring))


def _along(nets: Nets) -> Iterator[tuple[ChartPanel, str]]:
    """Yields charts along depth with their sentence, those of probes without a picture last."""
    for probe, metric, suffixes, sentence in _PICTURES:
        for panel in probes.chart_through(nets, probe, metric, suffixes):
            yield panel, sentence(nets)
    for row in probes.measured(nets, per_layer=True, without=_PICTURED):
        times = tuple(s for s in _ENDS_OF_TRAINING if s in row.metric.suffixes)
        for panel in probes.chart_through(nets, row.probe, row.name, times):
            yield panel, f"{sentence_case(row.metric.note)}."


def _numbers(study: Study, nets: Nets) -> tuple[Block, ...]:
    """Returns the table of what probes without a picture say of whole nets."""
    metrics = probes.measured(nets, per_layer=False, without=_PICTURED)

    def rows_of(row: Measured) -> list[Row]:
        rows = []
        for suffix in row.metric.suffixes:
            name = f"{row.probe}.{row.name}{suffix}"
            means = [tables.mean(study, net.info.variant, name) for net in nets]
            if any(mean.seeds for mean in means):
                when = f", {probes.TIMES[suffix][0]}" if len(row.metric.suffixes) > 1 else ""
                cells = tuple(
                    _cell(row.metric, mean.mean, net.intervals(row.probe, f"{row.name}{suffix}"))
                    for mean, net in zip(means, nets, strict=True)
                )
                rows.append(Row(f"{row.title}{when}", cells, note=row.metric.note))
        return rows

    rows = probes.number_rows(metrics, study.info.probe_titles, rows_of)
    header = ("", *(net.label for net in nets))
    has_ends = any(isinstance(cell, Cell) for row in rows for cell in row.cells)
    notes = (Text(f"{INTERVALS} With several seeds it is the mean of theirs.", "note"),)
    return (Table(header, rows, "numbers"), *(notes if has_ends else ())) if rows else ()


def _cell(metric: Metric, value: float, ends: Mapping[str, tuple[float, float]]) -> str | Cell:
    """Returns a number of a whole net, with its interval below."""
    text, interval = value_of(metric)(value), ends_of(metric, ends.get(""))
    return Cell(text, note=interval) if interval else text
