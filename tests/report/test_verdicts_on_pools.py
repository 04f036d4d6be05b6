"""What is said of pools, whose runs are those of several nets, so that seeds add nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import made_study
import pytest
from made_study import METRICS

from depthstudy.records import Verdict
from depthstudy.report import claims
from depthstudy.report.sections.verdicts import sentences, verdicts
from depthstudy.report.tables import read_study

HYPOTHESIS = {
    "name": "search",
    "statement": "The search finds better nets.",
    "metric": "test_error",
    "relation": "less",
    "where": [["pools", "nets of the search"]],
    "against": [["pool", "the nets of random search"]],
}
VERDICT = Verdict(
    hypothesis="search", verdict="inconclusive", effect=-0.014, low=-0.058, high=0.027, p=0.3,
    seeds=10, seeds_to_settle=143, seeds_low=99, seeds_high=239,
)  # fmt: skip


def test_what_was_seen_of_how_many_runs() -> None:
    sentence = sentences.verdict_sentence(HYPOTHESIS, VERDICT, METRICS)
    assert sentence.endswith("(95% interval −2.7 to 5.8, 10 runs). Any size counts.")


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({}, "143 runs (99 to 239) would settle it at this effect."),
        ({"seeds_to_settle": None}, "no number of runs up to a thousand would settle it."),
        (
            {"seeds_to_settle": None, "images_to_settle": 9_000},
            "More images, not runs: about 9,000 test images would tell.",
        ),
        ({"seeds": 2}, "Not decided: a verdict takes three runs or more."),
    ],
)
def test_what_would_settle_it(tmp_path: Path, fields: dict[str, int | None], end: str) -> None:
    study = read_study(made_study.fake_study(tmp_path, hypotheses=[HYPOTHESIS]))
    judged = dataclasses.replace(VERDICT, **fields)  # type: ignore[arg-type]
    (card,) = verdicts.verdicts(dataclasses.replace(study, verdicts=(judged,)))
    assert card.meaning.endswith(end)


def test_claims_say_that_they_are_no_seeds(tmp_path: Path) -> None:
    study = read_study(made_study.fake_study(tmp_path, hypotheses=[HYPOTHESIS]))
    claim = claims.Claim("search", "It settles it.", "Look.", "So it is.", "run search", tmp_path)
    judged = dataclasses.replace(study, verdicts=(VERDICT,))
    assert "| 10 runs |" in claims.document([(claim, judged)], {})
