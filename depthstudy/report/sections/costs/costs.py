"""What each net costs: the table of all variants."""

from __future__ import annotations

import math

from markupsafe import Markup

from depthstudy.records import VariantInfo
from depthstudy.report import tables
from depthstudy.report.blocks import Cell, Row, Section, Table, Text
from depthstudy.report.charts.depth.errors import ERRORS
from depthstudy.report.tables import Study
from depthstudy.report.text import formats

_HEADER = (
    "Variant", "Depth", "Parameters", "MACs", "Activations", "Receptive field", "Time of a run",
    "Train error", "Test error",
)  # fmt: skip
_NOTE = Markup(
    "MACs are multiply-accumulates for one image, activations the outputs of all convolutions and "
    "dense layers. Errors: mean over seeds ± half of the 95% interval. "
)
_BEYOND = Markup(
    '<span class="mark">▲</span> The last feature sees more than the image: layers beyond that '
    "point see no new pixels."
)
_DIVERGED = Markup(' <span class="mark">✕</span> At least one run diverged.')


def section(study: Study) -> Section:
    """Returns depth, size, time and errors of every variant."""
    diverged = tables.divergences(study)
    rows = tuple(_row(study, info, info.name in diverged) for info in study.info.variants)
    note = _NOTE + _BEYOND + (_DIVERGED if diverged else "")
    return Section("What each net costs", (Table(_HEADER, rows), Text(note, "note")))


def _row(study: Study, info: VariantInfo, diverged: bool) -> Row:
    seconds = tables.mean(study, info.name, "seconds").mean
    field = formats.receptive_field(info.receptive_field, info.image_shape)
    is_beyond = (info.receptive_field or 0) > min(info.image_shape[:2])
    return Row(
        info.name,
        (
            str(info.depth),
            *(f"{n:,}" for n in (info.parameters, info.macs, info.activations)),
            Cell(field, mark="▲" if is_beyond else ""),
            formats.duration(seconds) if math.isfinite(seconds) else formats.DASH,
            *(formats.percent_estimate(tables.mean(study, info.name, metric)) for metric in ERRORS),
        ),
        mark="✕" if diverged else "",
    )
