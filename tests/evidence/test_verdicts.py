"""Verdicts: against SciPy's paired tests, by hand, and by how often a simulated study is wrong."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.errors import InputError
from depthstudy.evidence import verdicts

FAMILIES, DEPTHS = ("plain", "resnet"), (8, 20, 56)
SETTINGS = {
    f"{family}-{depth}": {
        "model.family": family,
        "model.depth": depth,
        "model.width": 16,
        "model.norm": None,
        "data.flip": False,
        "train.step_boundaries": (0.5, 0.75),
    }
    for family, depth in itertools.product(FAMILIES, DEPTHS)
}
MEANS = {"plain-8": 0.12, "plain-20": 0.10, "plain-56": 0.60}
MEANS |= {"resnet-8": 0.10, "resnet-20": 0.07, "resnet-56": 0.06}
PLAIN, RESNET = (("model.family", "plain"),), (("model.family", "resnet"),)
DEEP = (("model.depth", "greatest"),)


def table(errors, metric="test_error"):
    """A summary from ``{variant: errors[seeds]}``."""
    rows = [(v, s, e) for v, column in errors.items() for s, e in enumerate(column)]
    return pd.DataFrame(rows, columns=["variant", "seed", metric])


def noisy(seeds=5, noise=0.01, seed=0, means=MEANS):
    rng = np.random.default_rng(seed)
    return table({v: mean + rng.normal(0, noise, seeds) for v, mean in means.items()})


def claim(relation, where=(), against=(), along=None, margin=0.0, name="h", metric="test_error"):
    return Hypothesis(
        name=name,
        statement="",
        metric=metric,
        relation=relation,
        where=where,
        against=against,
        along=along,
        margin=margin,
    )


def judge_one(summary, hypothesis, settings=SETTINGS):
    (verdict,) = verdicts.judge(summary, settings, [hypothesis])
    return verdict


def column(summary, variant):
    return summary[summary.variant == variant].test_error.to_numpy()


def two_variants(effects):
    """A study of two variants whose difference per seed is ``effects``."""
    settings = {"a": {"model.depth": 56}, "b": {"model.depth": 20}}
    return table({"a": effects, "b": np.zeros(len(effects))}), settings


def judge_effects(effects, hypothesis):
    summary, settings = two_variants(effects)
    return judge_one(summary, hypothesis, settings)


A, B = (("model.depth", 56),), (("model.depth", 20),)


def test_a_comparison_is_scipys_paired_test():
    summary = noisy()
    where, against = (*PLAIN, ("model.depth", 56)), (*RESNET, ("model.depth", 56))
    found = judge_one(summary, claim("greater", where, against))
    paired = scipy.stats.ttest_rel(column(summary, "plain-56"), column(summary, "resnet-56"))
    assert (found.verdict, found.seeds, found.seeds_to_settle) == ("supported", 5, None)
    assert found.p == pytest.approx(paired.pvalue, rel=1e-9)
    assert found.effect == pytest.approx(0.54, abs=0.02)
    np.testing.assert_allclose((found.low, found.high), paired.confidence_interval(0.95))
    assert judge_one(summary, claim("less", where, against)).verdict == "refuted"


def test_several_variants_on_both_sides_are_matched_on_what_neither_names():
    summary = noisy()
    found = judge_one(summary, claim("greater", PLAIN, RESNET))
    matched = [column(summary, f"plain-{d}") - column(summary, f"resnet-{d}") for d in DEPTHS]
    assert found.effect == pytest.approx(np.mean(matched))
    expected = scipy.stats.ttest_1samp(np.mean(matched, axis=0), 0).confidence_interval(0.95)
    np.testing.assert_allclose((found.low, found.high), expected)
    # plain-8 has no match any more; were it kept, its 0.9 would show.
    rest = {name: fields for name, fields in SETTINGS.items() if name != "resnet-8"}
    summary.loc[summary.variant == "plain-8", "test_error"] = 0.9
    found = judge_one(summary, claim("greater", PLAIN, RESNET), rest)
    assert found.effect == pytest.approx(np.mean(matched[1:]))


def test_a_single_variant_is_compared_with_all_of_the_other_side():
    summary = noisy()
    single = {n: fields for n, fields in SETTINGS.items() if n not in ("resnet-8", "resnet-56")}
    found = judge_one(summary, claim("less", RESNET, PLAIN), single)
    plain = np.mean([column(summary, f"plain-{d}").mean() for d in DEPTHS])
    assert found.effect == pytest.approx(column(summary, "resnet-20").mean() - plain)


def test_a_variant_is_never_compared_with_itself():
    summary = noisy()
    found = judge_one(summary, claim("greater", PLAIN, (*PLAIN, ("model.depth", 20))))
    others = (column(summary, "plain-8") + column(summary, "plain-56")) / 2
    assert found.effect == pytest.approx((others - column(summary, "plain-20")).mean())


def test_sides_without_a_match_are_not_tested():
    settings = {
        "a1": {"model.family": "plain", "model.depth": 8},
        "a2": {"model.family": "plain", "model.depth": 20},
        "b1": {"model.family": "resnet", "model.depth": 32},
        "b2": {"model.family": "resnet", "model.depth": 56},
    }
    summary = noisy(means=dict.fromkeys(settings, 0.1))
    assert judge_one(summary, claim("greater", PLAIN, RESNET), settings).verdict == "not tested"


def test_greatest_and_least_follow_the_variants():
    summary = noisy()
    both = claim("greater", PLAIN + DEEP, RESNET + DEEP)
    assert judge_one(summary, both).effect == pytest.approx(0.54, abs=0.02)
    # The greatest depth that BOTH sides have, here in spite of a resnet of depth 56.
    short = {name: fields for name, fields in SETTINGS.items() if name != "plain-56"}
    assert judge_one(summary, both, short).effect == pytest.approx(0.03, abs=0.02)
    within = claim("greater", PLAIN + DEEP, (*PLAIN, ("model.depth", "least")))
    assert judge_one(summary, within).effect == pytest.approx(0.48, abs=0.02)
    # A number on the other side does not limit the choice.
    fixed = claim("greater", PLAIN + DEEP, (*PLAIN, ("model.depth", 20)))
    assert judge_one(summary, fixed).effect == pytest.approx(0.50, abs=0.02)
    single = {"plain-8": SETTINGS["plain-8"], "resnet-8": SETTINGS["resnet-8"]}
    assert judge_one(summary, within, single).verdict == "not tested"
    assert judge_one(summary, both, single).effect == pytest.approx(0.02, abs=0.02)
    # A variant without any run is not there to be the greatest.
    unfinished = summary[summary.variant != "plain-56"]
    assert judge_one(unfinished, both).effect == pytest.approx(0.03, abs=0.02)
    nothing = claim("greater", (("model.family", "vgg"), *DEEP), RESNET)
    assert judge_one(summary, nothing).verdict == "not tested"


def test_a_trend_is_greatest_minus_least():
    summary = noisy()
    found = judge_one(summary, claim("rises", PLAIN, along="model.depth"))
    paired = scipy.stats.ttest_rel(column(summary, "plain-56"), column(summary, "plain-8"))
    assert found.p == pytest.approx(paired.pvalue, rel=1e-9)
    np.testing.assert_allclose((found.low, found.high), paired.confidence_interval(0.95))
    falls = claim("does_not_rise", RESNET, along="model.depth", margin=0.01)
    assert judge_one(summary, falls).verdict == "supported"
    rises = claim("does_not_rise", PLAIN, along="model.depth", margin=0.01)
    assert judge_one(summary, rises).verdict == "refuted"


def test_a_trend_is_averaged_over_the_other_settings_each_with_its_own_ends():
    summary = noisy()
    change = {f: column(summary, f"{f}-56") - column(summary, f"{f}-8") for f in FAMILIES}
    found = judge_one(summary, claim("rises", along="model.depth"))
    assert found.effect == pytest.approx((change["plain"] + change["resnet"]).mean() / 2)
    ragged = {name: fields for name, fields in SETTINGS.items() if name != "resnet-56"}
    shorter = column(summary, "resnet-20") - column(summary, "resnet-8")
    found = judge_one(summary, claim("rises", along="model.depth"), ragged)
    assert found.effect == pytest.approx((change["plain"] + shorter).mean() / 2)
    one = {name: SETTINGS[name] for name in ("plain-8", "resnet-20")}
    assert judge_one(summary, claim("rises", along="model.depth"), one).verdict == "not tested"


def test_a_depth_left_to_the_family_has_no_place_in_a_trend():
    settings = SETTINGS | {"plain-own": SETTINGS["plain-8"] | {"model.depth": None}}
    summary = pd.concat([noisy(), noisy(means={"plain-own": 0.9})])
    found = judge_one(summary, claim("rises", PLAIN, along="model.depth"), settings)
    assert found.effect == pytest.approx(0.48, abs=0.02)


def test_missing_runs_leave_the_seeds_that_all_pairs_have():
    summary = noisy()
    gaps = summary[~((summary.variant == "plain-56") & (summary.seed == 3))]
    gaps = gaps[~((gaps.variant == "resnet-20") & (gaps.seed == 0))]
    found = judge_one(gaps, claim("greater", PLAIN, RESNET))
    kept = np.array([1, 2, 4])
    matched = [column(summary, f"plain-{d}") - column(summary, f"resnet-{d}") for d in DEPTHS]
    assert found.seeds == 3
    assert found.effect == pytest.approx(np.mean(matched, axis=0)[kept].mean())


def test_rows_in_any_order_are_paired_by_seed():
    summary, hypothesis = noisy(), claim("greater", PLAIN, RESNET)
    shuffled = summary.sample(frac=1, random_state=0)
    assert judge_one(shuffled, hypothesis) == judge_one(summary, hypothesis)


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
            found = judge_one(summary, claim("less", A, B, margin=less), settings)
            assert found.verdict == wanted


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
    assert (greater.verdict, greater.p, greater.seeds_to_settle) == (
        less.verdict,
        less.p,
        less.seeds_to_settle,
    )
    assert (greater.effect, greater.low) == (pytest.approx(-less.effect), pytest.approx(-less.high))
    rises = judge_one(summary, claim("rises", along="model.depth", margin=margin), settings)
    assert rises == greater


@options(deadline=None)
@given(effect_lists, st.integers(1, 30).map(lambda k: k / 100))
def test_an_unsettled_verdict_names_more_seeds_than_it_had(effects, margin):
    summary, settings = two_variants(np.array(effects))
    for relation in ("greater", "equivalent"):
        found = judge_one(summary, claim(relation, A, B, margin=margin), settings)
        assert (found.verdict == "inconclusive") == (found.p >= 0.05)
        if found.seeds_to_settle is not None:
            assert found.verdict == "inconclusive"
            assert found.seeds < found.seeds_to_settle <= 1000


@options(deadline=None)
@given(effect_lists, st.integers(-20, 20).map(lambda k: k / 100))
def test_what_both_sides_share_cancels(effects, shift):
    summary, settings = two_variants(np.array(effects))
    moved = summary.assign(test_error=summary.test_error + shift)
    for relation in ("greater", "equivalent"):
        before = judge_one(summary, claim(relation, A, B, margin=0.11), settings)
        after = judge_one(moved, claim(relation, A, B, margin=0.11), settings)
        assert after.p == pytest.approx(before.p, abs=1e-6)
        assert after.effect == pytest.approx(before.effect, abs=1e-12)


def test_p_values_are_adjusted_over_the_tested_hypotheses_and_keep_their_order():
    summary = noisy(noise=0.03)
    hypotheses = [
        claim("greater", (*PLAIN, ("model.depth", d)), (*RESNET, ("model.depth", d)), name=f"h{d}")
        for d in (20, 8, 56)
    ]
    nobody = claim("greater", (("model.family", "vgg"),), PLAIN, name="nobody")
    found = verdicts.judge(summary, SETTINGS, [hypotheses[0], nobody, *hypotheses[1:]])
    assert [v.hypothesis for v in found] == ["h20", "nobody", "h8", "h56"]
    alone = [judge_one(summary, h).p for h in hypotheses]
    np.testing.assert_allclose([found[i].p for i in (0, 2, 3)], stats.holm(alone))
    assert found[1].verdict == "not tested"
    assert np.isnan([found[1].p, found[1].effect, found[1].low, found[1].high]).all()
    assert (found[1].seeds, found[1].seeds_to_settle) == (0, None)
    # The interval is the plain one, whatever else is asked.
    assert found[0].low == judge_one(summary, hypotheses[0]).low


def test_seeds_to_settle_reach_the_level_of_holms_next_step():
    effects = np.array([0.03, -0.01, 0.02, 0.01])
    summary, settings = two_variants(effects)
    # One hypothesis is settled, two are not: these face 0.05 / 2, on each side 0.0125.
    hypotheses = [
        claim("greater", A, B, name="open"),
        claim("equivalent", A, B, margin=0.02, name="open too"),
        claim("less", A, B, margin=0.5, name="settled"),
    ]
    found = verdicts.judge(summary, settings, hypotheses)
    assert [v.verdict for v in found] == ["inconclusive", "inconclusive", "refuted"]
    mean, spread = effects.mean(), effects.std(ddof=1)
    assert found[0].seeds_to_settle == stats.seeds_needed([mean], spread, 0.0125)
    ends = [0.02 - mean, 0.02 + mean]
    assert found[1].seeds_to_settle == stats.seeds_needed(ends, spread, 0.0125)


def test_equivalence_is_settled_when_both_ends_are():
    effects = np.array([0.03, -0.02, 0.01, -0.01])
    found = judge_effects(effects, claim("equivalent", A, B, margin=0.02))
    spread = effects.std(ddof=1)
    wanted = stats.seeds_needed([0.0175, 0.0225], spread, 0.025)
    assert found.seeds_to_settle == wanted > stats.seeds_needed([0.0175], spread, 0.025)


def test_seeds_to_settle_would_settle_it_in_four_of_five_studies():
    effects = np.array([0.03, -0.01, 0.02, 0.01])
    hypothesis = claim("greater", A, B)
    seeds = judge_effects(effects, hypothesis).seeds_to_settle
    rng = np.random.default_rng(0)
    samples = rng.normal(effects.mean(), effects.std(ddof=1), (400, seeds))
    words = [judge_effects(s, hypothesis).verdict for s in samples]
    assert np.mean(np.array(words) == "supported") == pytest.approx(0.8, abs=0.06)  # 3 SE


def test_an_effect_on_the_boundary_settles_with_no_number_of_seeds():
    summary, settings = two_variants(np.array([0.2, 0.4]) - 0.1)
    found = judge_one(summary, claim("greater", A, B, margin=0.2), settings)
    assert (found.verdict, found.seeds_to_settle) == ("inconclusive", None)
    summary, settings = two_variants(np.array([0.2, 0.2]))
    found = judge_one(summary, claim("greater", A, B, margin=0.2), settings)
    assert (found.verdict, found.p, found.seeds_to_settle) == ("inconclusive", 1.0, None)


def test_seeds_that_agree_decide_exactly():
    summary, settings = two_variants(np.array([7, 7, 7]))
    summary = summary.rename(columns={"test_error": "macs"})
    found = judge_one(summary, claim("greater", A, B, margin=6, metric="macs"), settings)
    assert (found.verdict, found.p, found.low, found.high) == ("supported", 0.0, 7.0, 7.0)


@pytest.mark.parametrize(("seeds", "effect"), [([0], 0.48), ([], math.nan)])
def test_too_few_seeds_are_inconclusive(seeds, effect):
    summary = noisy(noise=1e-4)
    shared = summary[(summary.variant != "plain-56") | summary.seed.isin([0, 1, 2])]
    shared = shared[(shared.variant != "plain-8") | shared.seed.isin([*seeds, 3, 4])]
    found = judge_one(shared, claim("rises", PLAIN, along="model.depth"))
    assert (found.verdict, found.seeds, found.seeds_to_settle) == ("inconclusive", len(seeds), None)
    assert found.effect == pytest.approx(effect, abs=1e-3, nan_ok=True)
    assert np.isnan([found.low, found.high, found.p]).all()


def test_nothing_to_judge():
    empty = noisy().iloc[:0]
    found = verdicts.judge(empty, SETTINGS, [claim("greater", PLAIN, RESNET)])
    assert found[0].verdict == "not tested"
    assert verdicts.judge(noisy(), SETTINGS, []) == []


def test_a_metric_that_is_not_finite_is_refused():
    summary = noisy()
    summary.loc[7, "test_error"] = math.nan
    with pytest.raises(InputError, match="test_error of variant 'plain-20', seed 2 is nan"):
        judge_one(summary, claim("greater", PLAIN, RESNET))


@pytest.mark.parametrize(
    ("hypothesis", "message"),
    [
        (
            claim("greater", PLAIN, RESNET, metric="accuracy"),
            "unknown metric 'accuracy'; allowed: ",
        ),
        (claim("greater", PLAIN, RESNET, metric="variant"), "unknown metric 'variant'"),
        (claim("greater", PLAIN, RESNET, metric="seed"), "unknown metric 'seed'"),
        (claim("greater", PLAIN), "'greater' needs against"),
        (claim("less", PLAIN, RESNET, along="model.depth"), "'less' takes no along"),
        (claim("equivalent", PLAIN, PLAIN, margin=1), "where and against pick the same variants"),
        (claim("equivalent", PLAIN, RESNET), "'equivalent' needs a margin above 0"),
        (claim("does_not_rise", PLAIN, along="model.depth"), "needs a margin above 0"),
        (claim("not_greater", PLAIN, RESNET), "needs a margin above 0"),
        (claim("rises", PLAIN), "'rises' needs along"),
        (claim("rises", PLAIN, RESNET, along="model.depth"), "'rises' takes no against"),
        (
            claim("rises", along="model.dept"),
            "unknown field 'model.dept'; did you mean model.depth",
        ),
        (claim("greater", (("modl.family", 1),), PLAIN), "did you mean model.family"),
        (
            claim("greater", PLAIN, (("zzz", 1),)),
            "unknown field 'zzz'; allowed: data.flip, model.depth, ",
        ),
        (claim("rises", along="model.family"), "has no greatest and least, it holds 'plain', 'res"),
        (claim("rises", along="data.flip"), "data.flip has no greatest and least, it holds False"),
        (claim("greater", (("model.family", "least"),), RESNET), "model.family has no greatest"),
        (claim("greater", PLAIN + PLAIN, RESNET), "model.family stands twice on one side"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_training(hypothesis, message):
    with pytest.raises(InputError, match="hypothesis 'h': ") as error:
        verdicts.check([hypothesis], SETTINGS)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError):
        judge_one(noisy(), hypothesis)


def test_names_are_unique_and_metrics_are_the_summarys():
    same = [claim("greater", PLAIN, RESNET), claim("less", PLAIN, RESNET)]
    with pytest.raises(InputError, match="2 are named 'h'"):
        verdicts.check(same, SETTINGS)
    assert " ".join(verdicts.METRICS) == "train_error test_error gap parameters macs seconds"
    with pytest.raises(InputError, match="allowed: gap"):
        verdicts.check(same[:1], SETTINGS, ["gap"])
    verdicts.check(same[:1], SETTINGS)


@pytest.mark.parametrize(("value", "chosen"), [([0.5, 0.75], "a"), ((0.25,), "b"), (None, "c")])
def test_settings_match_as_lists_tuples_and_none(value, chosen):
    field = "train.step_boundaries"
    settings = {"a": {field: (0.5, 0.75)}, "b": {field: [0.25]}, "c": {field: None}}
    means = {"a": 1.0, "b": 2.0, "c": 3.0}
    where, against = ((field, value),), ((field, (0.5, 0.75) if chosen != "a" else None),)
    found = judge_one(noisy(noise=0, means=means), claim("greater", where, against), settings)
    assert found.effect == means[chosen] - (1.0 if chosen != "a" else 3.0)


def test_a_study_without_any_effect_decides_wrongly_in_at_most_one_of_twenty():
    # Three seeds, four hypotheses on the same plain nets, all of them at their boundary.
    rng = np.random.default_rng(4)
    settings = {str(d): {"model.depth": d} for d in (8, 20, 32, 44, 56)}
    hypotheses = [
        claim("greater", (("model.depth", d),), (("model.depth", 8),), name=str(d))
        for d in (20, 32, 44, 56)
    ]
    studies = 300
    wrong = 0
    for _ in range(studies):
        summary = table({name: rng.normal(0.1, 0.01, 3) for name in settings})
        found = verdicts.judge(summary, settings, hypotheses)
        wrong += any(v.verdict in ("supported", "refuted") for v in found)
    assert wrong / studies <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
    assert wrong > 0  # a test that never rejects would pass the line above
