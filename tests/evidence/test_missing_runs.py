"""Claims about nets of which no run has the metric: all diverged, or they are not done."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from claimed import DEEP, PLAIN, RESNET, SETTINGS, claim, judge_one, noisy

from depthstudy.records import Verdict

PRECISE = 0.001
ALONG = "model.depth"


def without(summary: pd.DataFrame, *names: str) -> pd.DataFrame:
    return summary[~summary["variant"].isin(names)]


def pairs(verdict: Verdict) -> list[tuple[str, str]]:
    return [(part["left"], part["right"]) for part in json.loads(verdict.parts)]


def test_no_net_stands_in_for_the_deepest() -> None:
    """From depth 8 to 20 it falls; where depth 56 is missing, nothing is said of a trend."""
    rest = without(noisy(noise=PRECISE), "plain-56")
    for relation in ("rises", "does_not_rise"):
        verdict = judge_one(rest, claim(relation, PLAIN, along=ALONG, margin=0.01))
        assert (verdict.verdict, verdict.missing) == ("not tested", "plain-56")
    both = claim("greater", PLAIN + DEEP, RESNET + DEEP)
    assert judge_one(rest, both).missing == "plain-56"
    assert judge_one(noisy(), both).missing == ""


@pytest.mark.parametrize(
    ("deepest", "relation", "word"),
    [
        (0.60, "rises", "supported"),  # that it is above one is enough
        (0.05, "rises", "inconclusive"),  # it may be above the one that is missing
        (0.60, "does_not_rise", "refuted"),
        (0.05, "does_not_rise", "inconclusive"),
    ],
)
def test_a_trend_without_a_lesser_depth(deepest: float, relation: str, word: str) -> None:
    summary = noisy(noise=PRECISE, means={"plain-8": 0.12, "plain-56": deepest})
    plain = {name: row for name, row in SETTINGS.items() if name.startswith("plain")}
    verdict = judge_one(summary, claim(relation, PLAIN, along=ALONG, margin=0.01), plain)
    assert (verdict.verdict, verdict.missing) == (word, "plain-20")
    assert pairs(verdict) == [("plain-56", "plain-8")]
    assert verdict.seeds_to_settle is None


def test_nets_are_compared_with_those_of_the_plan_alone() -> None:
    """The one plain net that is there is not set against residual nets of other depths."""
    rest = without(noisy(noise=PRECISE), "plain-20", "plain-56")
    verdict = judge_one(rest, claim("greater", PLAIN, RESNET))
    assert pairs(verdict) == [("plain-8", "resnet-8")]
    assert (verdict.verdict, verdict.missing) == ("inconclusive", "plain-20, plain-56")
    refuted = judge_one(rest, claim("less", PLAIN, RESNET))
    assert (refuted.verdict, refuted.missing) == ("refuted", "plain-20, plain-56")
