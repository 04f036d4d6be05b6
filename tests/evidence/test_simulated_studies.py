"""Whole studies whose truth is planted: families of claims, trends, parts, and causes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from claimed import DEPTHS, PLAIN, RESNET, SETTINGS, claim, judge_one, table
from planted import study

from depthstudy.config import Treatment
from depthstudy.evidence.causes.attribution import attribute
from depthstudy.evidence.claims import verdicts

pytestmark = pytest.mark.slow

EACH_DEPTH = tuple(("model.depth", depth) for depth in DEPTHS)
A, B, BOTH = (
    Treatment("a", "optimization", (("x", 1),)),
    Treatment("b", "overfitting", (("y", 1),)),
    Treatment("ab", "optimization", (("x", 1), ("y", 1))),
)


def runs(means: dict[str, float], seeds: int = 5, spread: float = 0.004, seed: int = 0):
    draw = np.random.default_rng(seed)
    return table({name: mean + draw.normal(0, spread, seeds) for name, mean in means.items()})


def test_the_best_depth_is_not_the_shallowest() -> None:
    summary = runs({"plain-8": 0.10, "plain-20": 0.05, "plain-56": 0.09})
    falls = claim("does_not_rise", PLAIN, along="model.depth", margin=0.01)
    verdict = judge_one(summary, falls)
    assert (verdict.verdict, verdict.effect) == ("refuted", pytest.approx(0.04, abs=0.01))
    assert verdict.low > 0.01
    assert judge_one(summary, claim("rises", PLAIN, along="model.depth")).verdict == "supported"


def test_a_claim_is_as_good_as_its_worst_part() -> None:
    means = {"plain-8": 0.3, "plain-20": 0.4, "plain-56": 0.6}
    means |= {"resnet-8": 0.1, "resnet-20": 0.1, "resnet-56": 0.65}
    verdict = judge_one(runs(means), claim("greater", PLAIN, RESNET))
    assert (verdict.verdict, verdict.effect) == ("refuted", pytest.approx(-0.05, abs=0.01))
    assert verdict.average == pytest.approx(0.15, abs=0.01)
    assert len(json.loads(verdict.parts)) == 3


@pytest.mark.parametrize("relation", ["greater", "less", "equivalent", "not_greater"])
def test_interval_and_word_agree(relation: str) -> None:
    draw = np.random.default_rng(1)
    words = set()
    for _ in range(60):
        means = {name: 0.3 + draw.choice([0, 0.02, 0.05]) for name in SETTINGS}
        hypotheses = [
            claim(relation, (*PLAIN, d), (*RESNET, d), margin=0.02, name=str(d))
            for d in (("model.depth", 8), ("model.depth", 20))
        ] + [claim(relation, PLAIN, RESNET, margin=0.02, name="all")]
        summary = runs(means, spread=0.008, seed=int(draw.integers(1_000_000)))
        for verdict in verdicts.judge(summary, SETTINGS, hypotheses):
            low, high = verdict.low, verdict.high
            holds, fails = {
                "greater": (low > 0.02, high < 0.02),
                "less": (high < -0.02, low > -0.02),
                "not_greater": (high < 0.02, low > 0.02),
                "equivalent": (low > -0.02 and high < 0.02, low > 0.02 or high < -0.02),
            }[relation]
            word = "supported" if holds else "refuted" if fails else "inconclusive"
            assert verdict.verdict == word
            words.add(word)
    assert len(words) == 3


def test_predictions_widen_what_is_said_of_images_like_these() -> None:
    draw = np.random.default_rng(0)
    hard = draw.random((2, 1, 360)) < np.array([0.05, 0.035])[:, None, None]
    wrong = {
        name: np.repeat(errs, 10, axis=0) ^ (draw.random((10, 360)) < 0.002)
        for name, errs in zip(("plain-8", "resnet-8"), hard, strict=True)
    }
    summary = table({name: each.mean(axis=1) for name, each in wrong.items()})
    settings, claims = {name: SETTINGS[name] for name in wrong}, [claim("greater", PLAIN, RESNET)]
    (seeds,) = verdicts.judge(summary, settings, claims)
    (both,) = verdicts.judge(summary, settings, claims, predictions=wrong)
    assert (seeds.scope, both.scope) == ("these images", "images like these")
    assert both.high - both.low > 2 * (seeds.high - seeds.low)
    assert (seeds.verdict, both.verdict) == ("supported", "inconclusive")
    assert both.seeds_to_settle is None
    assert both.images_to_settle is not None
    assert both.images_to_settle > 360


def test_of_three_claims_on_equal_nets_any_is_decided_in_one_study_of_twenty() -> None:
    claims = [claim("less", (*PLAIN, d), (*RESNET, d), name=str(d)) for d in EACH_DEPTH]
    equal, studies = dict.fromkeys(SETTINGS, 0.1), 300
    any_decided = sum(
        any(
            verdict.verdict != "inconclusive"
            for verdict in verdicts.judge(runs(equal, seed=seed), SETTINGS, claims)
        )
        for seed in range(studies)
    )
    assert any_decided / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("failing", [0.0, 0.125])
def test_intervals_of_skewed_errors_cover(failing: float) -> None:
    """Errors of both nets are lognormal about ten percent, and some runs fail, in both alike."""
    draw, covered, studies = np.random.default_rng(12), 0, 300
    settings = {name: SETTINGS[name] for name in ("plain-8", "resnet-8")}
    for _ in range(studies):
        errors = 0.1 * np.exp(draw.normal(0, 0.3, (2, 5)))
        errors[draw.random((2, 5)) < failing] = 0.9
        summary = table(dict(zip(settings, errors, strict=True)))
        (verdict,) = verdicts.judge(summary, settings, [claim("less", PLAIN, RESNET)])
        covered += verdict.low <= 0 <= verdict.high
    assert covered / studies >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / studies)


def credited(means: dict[str, tuple], treatments=(A, B, BOTH), seed: int = 3) -> dict[str, object]:
    draw = np.random.default_rng(seed)
    summary, infos = study(means, (8, 56), seeds=5, spread=0.006, draw=draw)
    return {row.treatment: row for row in attribute(summary, infos, treatments)}


SICK, WELL, HALF = ((0.05, 0.10), (0.45, 0.50)), ((0.05, 0.10), (0.05, 0.11)), 0.5


def test_a_general_good_is_no_cause() -> None:
    halved = tuple((train * HALF, test * HALF) for train, test in SICK)
    wrong = 0
    for seed in range(20):
        row = credited({"": SICK, "a": halved}, (A,), seed)["a"]
        assert row.low > 0  # in points it wins back a lot
        wrong += row.established
    assert wrong <= 2


def test_two_causes_each_enough_show_only_together() -> None:
    wrong = 0
    for seed in range(20):
        rows = credited({"": SICK, "a": SICK, "b": SICK, "ab": WELL}, seed=seed)
        wrong += rows["a"].established or rows["b"].established
        assert rows["ab"].established
        assert rows["ab"].combines == "a + b"
        assert rows["ab"].interaction_low > 0.3
    assert wrong <= 2


def test_two_cures_of_one_cause_share_it() -> None:
    for seed in range(20):
        rows = credited({"": SICK, "a": WELL, "b": WELL, "ab": WELL}, seed=seed)
        assert rows["ab"].established
        assert rows["ab"].interaction_high < -0.3


def test_what_harms_the_shallow_net_is_not_credited() -> None:
    levelled = ((0.15, 0.20), (0.15, 0.20))
    for seed in range(20):
        row = credited({"": SICK, "a": levelled}, (A,), seed)["a"]
        assert (row.word, row.established) == ("harms the best", False)


def test_treatments_that_do_nothing_are_blamed_in_one_study_of_twenty() -> None:
    draw = np.random.default_rng(6)
    many = [Treatment(f"t{k}", "overfitting", ()) for k in range(5)]
    wrong = 0
    for _ in range(120):
        means = {"": SICK} | {t.name: SICK for t in many}
        summary, infos = study(means, (8, 56), seeds=3, spread=0.02, draw=draw)
        wrong += any(row.established for row in attribute(summary, infos, many))
    assert wrong / 120 <= 0.06
