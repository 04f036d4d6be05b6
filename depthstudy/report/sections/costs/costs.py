"""What each net gets wrong and costs, and what its runs took: tables of all variants."""

from __future__ import annotations

import math

from markupsafe import Markup

from depthstudy.records import VariantInfo
from depthstudy.report import tables
from depthstudy.report.blocks import Cell, Heading, Row, Section, Table, Text
from depthstudy.report.charts.depth.errors import ERRORS
from depthstudy.report.tables import Study
from depthstudy.report.text import formats
from depthstudy.report.text.sentences import SOURCES

_OF_NETS = (
    "Variant", "Test error", "Train error", "Depth", "Parameters", "MACs", "Activations",
    "Receptive field",
)  # fmt: skip
_OF_RUNS = ("Variant", "Steps", "Images seen", "Training MACs", "Time of a run")
_NOTE = Markup(
    "A click on a title sorts. Errors: mean over seeds, in parentheses its 95% interval, "
    f"{SOURCES}. MACs are multiply-accumulates for one image, activations the outputs of all "
    "convolutions and dense layers; receptive fields in pixels and image sides. "
)
_NOTE_OF_RUNS = (
    "Images seen count each as often as a run sees it, and training MACs three for each MAC of "
    "such an image, one forward and two back. Both, and the time, include the dense net that a "
    "pruned one starts from."
)
_TAKEN = Markup('<span class="mark">★</span> The recommended net. ')
_BEYOND = Markup(
    '<span class="mark">▲</span> The last feature sees more than the image: layers beyond that '
    "point see no new pixels."
)
_DIVERGED = Markup(' <span class="mark">✕</span> At least one run diverged.')


def section(study: Study) -> Section:
    """Returns errors, depth, size and time of every variant that has runs of its own."""
    diverged = tables.divergences(study)
    taken = study.recommendation.variant if study.recommendation else ""
    distinct = [info for info in study.info.variants if not info.same_as]
    nets = tuple(_net(study, info, info.name in diverged, taken) for info in distinct)
    runs = tuple(_run(study, info, taken) for info in distinct)
    note = _NOTE + (_TAKEN if taken else "") + _BEYOND + (_DIVERGED if diverged else "")
    same = same_sentence(study)
    return Section(
        "What each net costs",
        (
            Table(_OF_NETS, nets, "costs", sortable=True),
            Text(note, "note"),
            *((Text(same, "note"),) if same else ()),
            Heading("What a run takes"),
            Table(_OF_RUNS, runs, "costs", sortable=True),
            Text(_NOTE_OF_RUNS, "note"),
        ),
    )


def same_sentence(study: Study) -> str:
    """Says which variants are others, and so are not shown twice; ``""`` where none are."""
    pairs = [f"{i.name} is {i.same_as}" for i in study.info.variants if i.same_as]
    return f"The same nets, trained alike, so shown once: {'; '.join(pairs)}." if pairs else ""


def _net(study: Study, info: VariantInfo, diverged: bool, taken: str) -> Row:
    field = formats.receptive_field(info.receptive_field, info.image_shape)
    field = field.removesuffix(" the image")  # which the note says
    is_beyond = (info.receptive_field or 0) > max(info.image_shape[:2])
    marks = ("★" if info.name == taken else "", "✕" if diverged else "")
    return Row(
        info.name,
        (
            *(_error(study, info.name, metric) for metric in reversed(ERRORS)),
            str(info.depth),
            *(_count(study, info, column) for column in ("parameters", "macs")),
            f"{info.activations:,}",
            Cell(field, mark="▲" if is_beyond else "", key=float(info.receptive_field or 0)),
        ),
        mark=" ".join(filter(None, marks)),
        is_marked=info.name == taken,
    )


def _run(study: Study, info: VariantInfo, taken: str) -> Row:
    seconds = tables.mean(study, info.name, "seconds").mean
    time = formats.duration(seconds) if math.isfinite(seconds) else formats.DASH
    return Row(
        info.name,
        (
            f"{info.steps:,}",
            *(_budget(number) for number in (info.images_seen, info.training_macs)),
            Cell(time, key=_key(seconds)),
        ),
        is_marked=info.name == taken,
    )


def _error(study: Study, name: str, metric: str) -> Cell:
    text = tables.error_estimate(study, name, metric)
    return Cell(text, key=_key(tables.mean(study, name, metric).mean))


def _count(study: Study, info: VariantInfo, column: str) -> str:
    """Returns a cost, or its range where the runs of a variant differ in it."""
    least, most = tables.spread(study, info.name, column)
    if least == most:
        return f"{getattr(info, column):,}"
    return f"{least:,} to {most:,}"


def _budget(number: int) -> Cell:
    """Returns what a run was trained with; a dash where an earlier version did not say."""
    return Cell(formats.amount(number) if number else formats.DASH, key=float(number))


def _key(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
