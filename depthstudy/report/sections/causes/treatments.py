"""What each treatment changes, as a table."""

from __future__ import annotations

from typing import Any

from depthstudy.config import WITH_FINE_TUNING
from depthstudy.records import own_words
from depthstudy.report.blocks import Block, Row, Table
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import DASH, listing, sentence_case, spaced
from depthstudy.report.text.sentences import treatment_name

_HEADER = ("Treatment", "Aimed at", "What it changes")
_OWN, _LONGER = "each net has what was tuned for it", "the number of steps"


def table(study: Study) -> tuple[Block, ...]:
    """Returns a row for each treatment, those of the config before those that results asked for."""
    rows = [
        Row(_name(row), (sentence_case(spaced(row["mechanism"])), changes(row["settings"])))
        for row in study.info.config.get("treatments") or ()
    ]
    known = {row["name"] for row in study.info.config.get("treatments") or ()}
    asked = {info.treatment for info in study.info.variants if info.treatment} - known
    own_label = own_words(study.info.config)
    for name in sorted(asked, key=lambda name: (name != own_label, name)):
        what = ("Recipe", _OWN) if name == own_label else ("Budget", _LONGER)
        rows.append(Row(sentence_case(treatment_name(name)), what))
    return (Table(_HEADER, tuple(rows), "words"),) if rows else ()


def changes(settings: Any) -> str:
    """Returns settings in words: ``"train.weight_decay is 0.01"``."""
    return listing([_change(field, value) for field, value in settings]) or DASH


def _change(field: str, value: Any) -> str:
    if value == WITH_FINE_TUNING:
        return f"{field} is raised by those of the fine-tuning"
    return f"{field} is doubled" if value == "double" else f"{field} is {value}"


def _name(row: dict[str, Any]) -> str:
    name = sentence_case(spaced(row["name"]))
    control = row.get("control_of")
    return f"{name} (control of {spaced(control)})" if control else name
