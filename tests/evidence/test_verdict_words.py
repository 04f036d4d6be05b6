"""Verdicts: when the word flips, what the level is, and what would settle it."""

import dataclasses
import math

import numpy as np
import pytest
from claimed import (
    PLAIN,
    RESNET,
    SETTINGS,
    A,
    B,
    claim,
    judge_effects,
    judge_one,
    noisy,
    table,
    two_variants,
)
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from depthstudy import stats
from depthstudy.evidence.claims import verdicts


@pytest.mark.parametrize(
    ("relation", "margin", "word"),
    [
        ("greater", 0.0, "supported"),
        ("greater", 0.08, "supported"),
        ("greater", 0.1, "inconclusive"),
        ("greater", 0.12, "refuted"),
        ("less", 0.0, "refuted"),
        ("equivalent", 0.08, "refuted"),
        ("equivalent", 0.1, "inconclusive"),
        ("equivalent", 0.12, "supported"),
        ("not_greater", 0.08, "refuted"),
        ("not_greater", 0.1, "inconclusive"),
        ("not_greater", 0.12, "supported"),
    ],
)
def test_the_verdict_flips_as_the_margin_passes_the_effect(relation, margin, word):
    effects = 0.1 + np.array([-0.01, -0.005, 0.001, 0.004, 0.01])
    summary, settings = two_variants(effects)
    assert judge_one(summary, claim(relation, A, B, margin=margin), settings).verdict == word
    if relation == "less":  # minus an effect of 0.1: 'less by more than the margin'
        summary, settings = two_variants(-effects)
        for less, wanted in ((0.08, "supported"), (0.1, "inconclusive"), (0.12, "refuted")):
            verdict = judge_one(summary, claim("less", A, B, margin=less), settings)
            assert verdict.verdict == wanted


@pytest.mark.parametrize(
    ("relation", "margin", "word"),
    [
        ("rises", 0.08, "supported"),
        ("rises", 0.12, "refuted"),
        ("does_not_rise", 0.08, "refuted"),
        ("does_not_rise", 0.1, "inconclusive"),
        ("does_not_rise", 0.12, "supported"),
    ],
)
def test_trends_flip_as_the_margin_passes_the_change(relation, margin, word):
    summary, settings = two_variants(0.1 + np.array([-0.01, -0.005, 0.001, 0.004, 0.01]))
    hypothesis = claim(relation, along="model.depth", margin=margin)
    assert judge_one(summary, hypothesis, settings).verdict == word


effect_lists = st.lists(st.integers(-50, 50).map(lambda k: k / 100), min_size=2, max_size=6)


@options(deadline=None)
@given(effect_lists, st.integers(0, 30).map(lambda k: k / 100))
def test_greater_and_less_mirror_each_other(effects, margin):
    summary, settings = two_variants(np.array(effects))
    greater = judge_one(summary, claim("greater", A, B, margin=margin), settings)
    less = judge_one(summary, claim("less", B, A, margin=margin), settings)
    assert (greater.verdict, greater.seeds_to_settle) == (less.verdict, less.seeds_to_settle)
    assert greater.p == pytest.approx(less.p, nan_ok=True)
    assert (greater.effect, greater.low) == (
        pytest.approx(-less.effect),
        pytest.approx(-less.high, nan_ok=True),
    )
    rises = judge_one(summary, claim("rises", along="model.depth", margin=margin), settings)
    np.testing.assert_equal(dataclasses.asdict(rises), dataclasses.asdict(greater))


@options(deadline=None)
@given(effect_lists, st.integers(1, 30).map(lambda k: k / 100))
def test_an_unsettled_verdict_names_more_seeds_than_it_had(effects, margin):
    summary, settings = two_variants(np.array(effects))
    for relation in ("greater", "equivalent"):
        verdict = judge_one(summary, claim(relation, A, B, margin=margin), settings)
        assert (verdict.verdict == "inconclusive") == (not verdict.p <= 0.05)
        if verdict.seeds_to_settle is not None:
            assert verdict.verdict == "inconclusive"
            assert verdict.seeds < verdict.seeds_to_settle <= 1000


@options(deadline=None)
@given(effect_lists, st.integers(-20, 20).map(lambda k: k / 100))
def test_what_both_sides_share_cancels(effects, shift):
    summary, settings = two_variants(np.array(effects))
    summary = summary.rename(columns={"test_error": "seconds"})
    moved = summary.assign(seconds=summary.seconds + shift)
    for relation in ("greater", "equivalent"):
        hypothesis = claim(relation, A, B, margin=0.11, metric="seconds")
        before = judge_one(summary, hypothesis, settings)
        after = judge_one(moved, hypothesis, settings)
        assert after.p == pytest.approx(before.p, abs=1e-6, nan_ok=True)
        assert after.effect == pytest.approx(before.effect, abs=1e-12)


def test_p_values_are_adjusted_over_the_tested_hypotheses_and_keep_their_order():
    summary = noisy(noise=0.03)
    hypotheses = [
        claim("greater", (*PLAIN, ("model.depth", d)), (*RESNET, ("model.depth", d)), name=f"h{d}")
        for d in (20, 8, 56)
    ]
    nobody = claim("greater", (("model.family", "vgg"),), PLAIN, name="nobody")
    judgments = verdicts.judge(summary, SETTINGS, [hypotheses[0], nobody, *hypotheses[1:]])
    assert [v.hypothesis for v in judgments] == ["h20", "nobody", "h8", "h56"]
    alone = [judge_one(summary, h).p for h in hypotheses]
    np.testing.assert_allclose([judgments[i].p for i in (0, 2, 3)], stats.holm(alone))
    assert judgments[1].verdict == "not tested"
    assert np.isnan(
        [judgments[1].p, judgments[1].effect, judgments[1].low, judgments[1].high]
    ).all()
    assert (judgments[1].seeds, judgments[1].seeds_to_settle) == (0, None)
    # The interval is the one that decides: of three hypotheses one is decided, two are not.
    assert [judgments[i].level for i in (0, 2, 3)] == pytest.approx(
        [1 - 0.025, 1 - 0.025, 1 - 0.05 / 3]
    )
    assert judgments[0].low < judge_one(summary, hypotheses[0]).low


def test_seeds_to_settle_reach_the_level_of_holms_next_step():
    effects = np.array([0.03, -0.01, 0.02, 0.01])
    summary, settings = two_variants(effects)
    # One hypothesis is settled, two are not: these face 0.05 / 2, on each side 0.0125.
    hypotheses = [
        claim("greater", A, B, name="open"),
        claim("equivalent", A, B, margin=0.02, name="open too"),
        claim("less", A, B, margin=0.5, name="settled"),
    ]
    judgments = verdicts.judge(summary, settings, hypotheses)
    assert [v.verdict for v in judgments] == ["inconclusive", "inconclusive", "refuted"]
    mean, spread = effects.mean(), effects.std(ddof=1)
    assert judgments[0].seeds_to_settle == stats.seeds_needed([mean], spread, 0.0125)
    ends = [0.02 - mean, 0.02 + mean]
    assert judgments[1].seeds_to_settle == stats.seeds_needed(ends, spread, 0.0125)


def test_equivalence_is_settled_when_both_ends_are():
    effects = np.array([0.03, -0.02, 0.01, -0.01])
    verdict = judge_effects(effects, claim("equivalent", A, B, margin=0.02))
    spread = effects.std(ddof=1)
    wanted = stats.seeds_needed([0.0175, 0.0225], spread, 0.025)
    assert verdict.seeds_to_settle == wanted > stats.seeds_needed([0.0175], spread, 0.025)


def test_seeds_to_settle_would_settle_it_in_four_of_five_studies():
    effects = np.array([0.03, -0.01, 0.02, 0.01])
    hypothesis = claim("greater", A, B)
    seeds = judge_effects(effects, hypothesis).seeds_to_settle
    rng = np.random.default_rng(0)
    samples = rng.normal(effects.mean(), effects.std(ddof=1), (400, seeds))
    words = [judge_effects(s, hypothesis).verdict for s in samples]
    assert np.mean(np.array(words) == "supported") == pytest.approx(0.8, abs=0.06)  # 3 SE


def test_an_effect_on_the_boundary_settles_with_no_number_of_seeds():
    summary, settings = two_variants(np.array([0.2, 0.4, 0.3]) - 0.1)
    verdict = judge_one(summary, claim("greater", A, B, margin=0.2), settings)
    assert (verdict.verdict, verdict.seeds_to_settle) == ("inconclusive", None)
    summary, settings = two_variants(np.array([0.2, 0.2, 0.2]))
    verdict = judge_one(summary, claim("greater", A, B, margin=0.2), settings)
    assert (verdict.verdict, verdict.p, verdict.seeds_to_settle) == ("inconclusive", 1.0, None)


def test_seeds_that_agree_decide_exactly():
    summary, settings = two_variants(np.array([7, 7, 7]))
    summary = summary.rename(columns={"test_error": "macs"})
    verdict = judge_one(summary, claim("greater", A, B, margin=6, metric="macs"), settings)
    assert (verdict.verdict, verdict.p, verdict.low, verdict.high) == ("supported", 0.0, 7.0, 7.0)
    assert verdict.scope == "exact"


@pytest.mark.parametrize(
    ("relation", "differences"),
    [("greater", (8, 7, 6)), ("less", (-8, -7, -6)), ("equivalent", (6, 7, 8)),
     ("equivalent", (-6, -7, -8)), ("not_greater", (6, 7, 8))],
)  # fmt: skip
def test_what_is_exactly_the_margin_is_no_more(relation, differences):
    words = []
    for difference in differences:
        summary, settings = two_variants(np.full(3, difference))
        summary = summary.rename(columns={"test_error": "parameters"})
        verdict = judge_one(summary, claim(relation, A, B, margin=7, metric="parameters"), settings)
        words.append((verdict.verdict, verdict.p))
    if relation in ("greater", "less"):
        assert words == [("supported", 0.0), ("refuted", 0.0), ("refuted", 0.0)]
    else:
        assert words == [("supported", 0.0), ("supported", 0.0), ("refuted", 0.0)]


def test_as_many_parameters_are_not_more():
    summary = table({"a": np.full(3, 100), "b": np.full(3, 100)}, "parameters")
    settings = {"a": dict(A), "b": dict(B)}
    verdict = judge_one(summary, claim("greater", A, B, metric="parameters"), settings)
    assert (verdict.verdict, verdict.p, verdict.low, verdict.high) == ("refuted", 0.0, 0.0, 0.0)


@pytest.mark.parametrize("seeds", [1, 2])
def test_with_fewer_than_three_seeds_there_is_no_verdict(seeds):
    summary = noisy(noise=1e-4)
    few = summary[(summary.variant != "plain-56") | (summary.seed < seeds)]
    verdict = judge_one(few, claim("rises", PLAIN, along="model.depth"))
    assert (verdict.verdict, verdict.seeds) == ("inconclusive", seeds)
    assert verdict.seeds_to_settle is None
    assert verdict.effect == pytest.approx(0.50, abs=1e-3)
    assert math.isnan(verdict.p)


@pytest.mark.slow
def test_a_study_without_any_effect_decides_wrongly_in_at_most_one_of_twenty():
    # Three seeds, four hypotheses on the same plain nets, all of them at their boundary.
    rng = np.random.default_rng(4)
    settings = {str(d): {"model.depth": d} for d in (8, 20, 32, 44, 56)}
    hypotheses = [
        claim("greater", (("model.depth", d),), (("model.depth", 8),), name=str(d))
        for d in (20, 32, 44, 56)
    ]
    studies = 150
    wrong = 0
    for _ in range(studies):
        summary = table({name: rng.normal(0.1, 0.01, 3) for name in settings})
        judgments = verdicts.judge(summary, settings, hypotheses)
        wrong += any(v.verdict in ("supported", "refuted") for v in judgments)
    assert wrong / studies <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
    assert wrong > 0  # a test that never rejects would pass the line above
