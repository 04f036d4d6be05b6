"""Verdicts: which variants a claim compares, and what is refused."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from claimed import (
    DEEP,
    DEPTHS,
    FAMILIES,
    PLAIN,
    RESNET,
    SETTINGS,
    claim,
    column,
    judge_one,
    noisy,
    table,
)

from depthstudy.errors import InputError
from depthstudy.evidence.claims import verdicts


def test_a_comparison_is_about_welchs_test():
    summary = noisy()
    where, against = (*PLAIN, ("model.depth", 56)), (*RESNET, ("model.depth", 56))
    verdict = judge_one(summary, claim("greater", where, against))
    arms = (column(summary, "plain-56"), column(summary, "resnet-56"))
    welch = scipy.stats.ttest_ind(*arms, equal_var=False)
    assert (verdict.verdict, verdict.seeds, verdict.seeds_to_settle) == ("supported", 5, None)
    assert verdict.p < 1e-6
    assert verdict.effect == pytest.approx(arms[0].mean() - arms[1].mean())
    np.testing.assert_allclose(
        (verdict.low, verdict.high), tuple(welch.confidence_interval(0.95)), atol=0.02
    )
    assert (verdict.scope, verdict.level, verdict.failed) == ("these images", 0.95, "")
    assert judge_one(summary, claim("less", where, against)).verdict == "refuted"


def test_several_variants_on_both_sides_are_matched_on_what_neither_names():
    summary = noisy()
    verdict = judge_one(summary, claim("greater", PLAIN, RESNET))
    matched = [column(summary, f"plain-{d}") - column(summary, f"resnet-{d}") for d in DEPTHS]
    assert verdict.average == pytest.approx(np.mean(matched))
    assert verdict.effect == pytest.approx(min(np.mean(matched, axis=1)))  # the worst part
    parts = json.loads(verdict.parts)
    assert [part["left"] for part in parts] == ["plain-8", "plain-20", "plain-56"]
    assert [part["effect"] for part in parts] == pytest.approx(np.mean(matched, axis=1))
    # plain-8 has no match any more; were it kept, its 0.9 would show.
    rest = {name: fields for name, fields in SETTINGS.items() if name != "resnet-8"}
    summary.loc[summary.variant == "plain-8", "test_error"] = 0.9
    verdict = judge_one(summary, claim("greater", PLAIN, RESNET), rest)
    assert verdict.average == pytest.approx(np.mean(matched[1:]))


def test_a_refuted_equivalence_shows_the_effect_that_refutes_it():
    # At depth 8 the nets differ by ten points more or less, at depth 20 by five for sure.
    runs = {"plain-8": [0.3, 0.1, 0.5], "resnet-8": [0.2] * 3}
    runs |= {"plain-20": [0.1500, 0.1505, 0.1495], "resnet-20": [0.2, 0.2005, 0.1995]}
    settings = {name: SETTINGS[name] for name in runs}
    verdict = judge_one(table(runs), claim("equivalent", PLAIN, RESNET, margin=0.02), settings)
    assert verdict.verdict == "refuted"
    assert verdict.effect == pytest.approx(-0.05)
    assert verdict.low < verdict.effect < verdict.high < -0.02
    assert verdict.ratio == pytest.approx(0.75)
    assert [part["effect"] for part in json.loads(verdict.parts)] == pytest.approx([0.1, -0.05])


def test_a_single_variant_is_compared_with_all_of_the_other_side():
    summary = noisy()
    single = {n: fields for n, fields in SETTINGS.items() if n not in ("resnet-8", "resnet-56")}
    verdict = judge_one(summary, claim("less", RESNET, PLAIN), single)
    plain = np.mean([column(summary, f"plain-{d}").mean() for d in DEPTHS])
    assert verdict.average == pytest.approx(column(summary, "resnet-20").mean() - plain)


def test_a_variant_is_never_compared_with_itself():
    summary = noisy()
    verdict = judge_one(summary, claim("greater", PLAIN, (*PLAIN, ("model.depth", 20))))
    others = (column(summary, "plain-8") + column(summary, "plain-56")) / 2
    assert verdict.average == pytest.approx((others - column(summary, "plain-20")).mean())


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
    nothing = claim("greater", (("model.family", "vgg"), *DEEP), RESNET)
    assert judge_one(summary, nothing).verdict == "not tested"


def test_a_trend_is_greatest_against_each_lesser():
    summary = noisy()
    verdict = judge_one(summary, claim("rises", PLAIN, along="model.depth"))
    pairs = [(part["left"], part["right"]) for part in json.loads(verdict.parts)]
    assert pairs == [("plain-56", "plain-8"), ("plain-56", "plain-20")]
    best = column(summary, "plain-56").mean() - column(summary, "plain-20").mean()
    assert verdict.effect == pytest.approx(best)
    assert verdict.p < 1e-6
    falls = claim("does_not_rise", RESNET, along="model.depth", margin=0.01)
    assert judge_one(summary, falls).verdict == "supported"
    rises = claim("does_not_rise", PLAIN, along="model.depth", margin=0.01)
    assert judge_one(summary, rises).verdict == "refuted"


def test_a_trend_holds_within_each_of_the_other_settings():
    summary = noisy()
    verdict = judge_one(summary, claim("rises", along="model.depth"))
    assert {part["left"] for part in json.loads(verdict.parts)} == {f"{f}-56" for f in FAMILIES}
    # The residual nets do not get worse, and their best rise is the claim's effect.
    rise = column(summary, "resnet-56").mean() - column(summary, "resnet-20").mean()
    assert verdict.effect == pytest.approx(rise)
    assert verdict.verdict != "supported"
    ragged = {name: fields for name, fields in SETTINGS.items() if name != "resnet-56"}
    verdict = judge_one(summary, claim("rises", along="model.depth"), ragged)
    assert verdict.effect == pytest.approx(
        column(summary, "resnet-20").mean() - column(summary, "resnet-8").mean()
    )
    one = {name: SETTINGS[name] for name in ("plain-8", "resnet-20")}
    assert judge_one(summary, claim("rises", along="model.depth"), one).verdict == "not tested"


def test_a_depth_left_to_the_family_has_no_place_in_a_trend():
    settings = SETTINGS | {"plain-own": SETTINGS["plain-8"] | {"model.depth": None}}
    summary = pd.concat([noisy(), noisy(means={"plain-own": 0.9})])
    verdict = judge_one(summary, claim("rises", PLAIN, along="model.depth"), settings)
    assert verdict.effect == pytest.approx(0.50, abs=0.02)


def test_missing_runs_leave_the_others():
    summary = noisy()
    gaps = summary[~((summary.variant == "plain-56") & (summary.seed == 3))]
    gaps = gaps[~((gaps.variant == "resnet-20") & (gaps.seed == 0))]
    verdict = judge_one(gaps, claim("greater", PLAIN, RESNET))
    means = gaps.groupby("variant").test_error.mean()
    assert verdict.seeds == 4
    assert verdict.average == pytest.approx(
        np.mean([means[f"plain-{d}"] - means[f"resnet-{d}"] for d in DEPTHS])
    )


def test_rows_in_any_order_are_paired_by_seed():
    summary, hypothesis = noisy(), claim("greater", PLAIN, RESNET)
    shuffled = summary.sample(frac=1, random_state=0)
    assert judge_one(shuffled, hypothesis) == judge_one(summary, hypothesis)


def test_nothing_to_judge():
    empty = noisy().iloc[:0]
    judgments = verdicts.judge(empty, SETTINGS, [claim("greater", PLAIN, RESNET)])
    assert judgments[0].verdict == "not tested"
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
    names = "train_error validation_error test_error gap unfinished parameters macs seconds"
    assert " ".join(verdicts.METRICS) == f"{names} balanced_error majority_error"
    with pytest.raises(InputError, match="allowed: gap"):
        verdicts.check(same[:1], SETTINGS, ["gap"])
    verdicts.check(same[:1], SETTINGS)


@pytest.mark.parametrize(("value", "chosen"), [([0.5, 0.75], "a"), ((0.25,), "b"), (None, "c")])
def test_settings_match_as_lists_tuples_and_none(value, chosen):
    field = "train.step_boundaries"
    settings = {"a": {field: (0.5, 0.75)}, "b": {field: [0.25]}, "c": {field: None}}
    means = {"a": 1.0, "b": 2.0, "c": 3.0}
    where, against = ((field, value),), ((field, (0.5, 0.75) if chosen != "a" else None),)
    verdict = judge_one(noisy(noise=0, means=means), claim("greater", where, against), settings)
    assert verdict.effect == means[chosen] - (1.0 if chosen != "a" else 3.0)
