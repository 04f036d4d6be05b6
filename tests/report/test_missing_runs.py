"""What is said of nets that a claim compares and of which no run has the metric."""

from __future__ import annotations

import dataclasses
import math

from made_study import METRICS

from depthstudy import records
from depthstudy.report.sections.verdicts import sentences
from depthstudy.report.text.quantities import quantity

RISES = {"name": "h", "statement": "S.", "metric": "train_error", "relation": "rises"}
OPEN = records.Verdict(
    hypothesis="h", verdict="inconclusive", effect=-0.02, low=-0.03, high=-0.01, p=1.0, seeds=3,
    seeds_to_settle=None, missing="plain-20, plain-32",
)  # fmt: skip


def test_they_are_named() -> None:
    sentence = sentences.verdict_sentence(RISES, OPEN, METRICS)
    assert sentence.endswith(
        "No run has this number of plain-20 and plain-32, so they are left out."
    )
    one = dataclasses.replace(OPEN, missing="plain-20")
    assert sentences.verdict_sentence(RISES, one, METRICS).endswith("so it is left out.")
    untested = dataclasses.replace(one, verdict="not tested", effect=math.nan)
    assert sentences.verdict_sentence(RISES, untested, METRICS) == (
        "This study has no runs to compare for it. No run has this number of plain-20, so it is "
        "left out."
    )


def test_they_are_what_it_takes() -> None:
    about = quantity("train_error", METRICS)
    assert sentences.meaning(OPEN, about).endswith("It takes runs of plain-20 and plain-32.")
    settled_by_seeds = dataclasses.replace(OPEN, seeds_to_settle=9)
    assert sentences.meaning(settled_by_seeds, about).endswith(
        "9 seeds would settle it at this effect."
    )
