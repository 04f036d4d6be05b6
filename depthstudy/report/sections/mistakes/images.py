"""The images that the recommended net gets most wrong, and those that depth loses and wins."""

from __future__ import annotations

import math

from depthstudy.records import Flips, Mistake
from depthstudy.report import tables
from depthstudy.report.blocks import Block, Gallery, Heading, Items, Shot, Text
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import count, number, whole_percent

_TITLES = {
    "worst": "Surest of a wrong class",
    "lost": "Images that the deepest net loses",
    "won": "Images that the deepest net wins",
}
_SUSPECT = "⚑ marks labels that may be wrong: nearly all runs of all nets say the same other class."


def image_blocks(study: Study) -> tuple[Block, ...]:
    """Returns pictures of each kind of mistake below its heading, and what depth changed."""
    blocks: list[Block] = []
    for kind, title in _TITLES.items():
        rows = [row for row in study.mistakes if row.kind == kind]
        if kind == "lost" and study.flips:
            sentences = [flips_sentence(study, row) for row in study.flips]
            blocks += [Heading("What depth changes"), Items.plain(sentences, "matched")]
        shots = [shot for row in rows if (shot := _shot(study, row))]
        if shots:
            blocks += [Heading(title), *_note(rows), Gallery(tuple(shots))]
    return tuple(blocks)


def _note(rows: list[Mistake]) -> tuple[Block, ...]:
    return (Text(_SUSPECT, "note"),) if any(row.suspect for row in rows) else ()


def _shot(study: Study, row: Mistake) -> Shot | None:
    source = tables.thumbnail(study, row.image)
    if not source:
        return None
    note = (
        f"said with {whole_percent(row.confidence)}; wrong in {whole_percent(row.wrong)} of runs, "
        f"test image {row.image}"
    )
    return Shot(source, f"{row.name}, taken for {row.predicted}", note, "⚑" if row.suspect else "")


def flips_sentence(study: Study, row: Flips) -> str:
    """Says how many images the deepest net loses and wins, and how many chance flips by itself."""
    deep, other = (tables.label(study.info, name) for name in (row.deepest, row.against))
    text = (
        f"In {row.group}, {deep} loses {count(row.lost, 'image')} that {other} gets right, and "
        f"wins {row.won:,}, of {row.images:,}"
    )
    if not math.isfinite(row.churn):
        return f"{text}."
    return f"{text}; two runs of {other} alone differ on {number(row.churn)}."
