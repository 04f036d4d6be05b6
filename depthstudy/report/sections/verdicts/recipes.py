"""Verdicts under the common recipe beside those with each net tuned, and trained longest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from depthstudy import records
from depthstudy.report.blocks import Block, Heading, Row, Table, Text
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import DASH
from depthstudy.report.text.quantities import Quantity, quantity
from depthstudy.report.text.sentences import unequal_sentence

_HEADER = ("Claim", "One recipe for all", "Each net tuned", "Trained longest")
_NOTE = (
    "One recipe: all nets are trained alike. Tuned: each with the settings that did best for it on "
    "validation images, its verdict made anew. Longest: nets that did not fit, and those that they "
    "are compared with, trained longest by the same factor; too few seeds for a verdict."
)


def recipes(study: Study, hypotheses: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """Returns a table of the verdicts by recipe, or nothing where there is one recipe only."""
    common = {row.hypothesis: row for row in study.verdicts}
    tuned = {row.hypothesis: row for row in study.tuned_verdicts}
    longer = {row.hypothesis: row.effect_longer for row in study.robustness}
    rows = tuple(
        Row(
            hypothesis["statement"],
            (
                _verdict(common.get(hypothesis["name"]), about),
                _verdict(tuned.get(hypothesis["name"]), about),
                _effect(longer.get(hypothesis["name"], math.nan), about),
            ),
        )
        for hypothesis in hypotheses
        if hypothesis["name"] in tuned or math.isfinite(longer.get(hypothesis["name"], math.nan))
        for about in [quantity(hypothesis.get("metric", ""), study.info.metrics)]
    )
    if not rows:
        return ()
    return Heading("With other recipes"), Table(_HEADER, rows, "words"), Text(_NOTE, "note")


def _verdict(verdict: records.Verdict | None, about: Quantity) -> str:
    if verdict is None or verdict.verdict == "not tested":
        return DASH
    text = f"{verdict.verdict}: {about.signed(verdict.effect)}"
    if math.isfinite(verdict.low):
        text += f" ({about.bare(verdict.low)} to {about.bare(verdict.high)})"
    unequal = unequal_sentence(verdict)
    return f"{text}. {unequal}" if unequal else text


def _effect(effect: float, about: Quantity) -> str:
    return about.signed(effect) if math.isfinite(effect) else DASH
