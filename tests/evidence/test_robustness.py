"""What becomes of a verdict with own settings and with longer trainings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping

import pandas as pd
import pytest

from depthstudy.config import Hypothesis
from depthstudy.evidence.claims import verdicts
from depthstudy.evidence.claims.robustness import robustness
from depthstudy.records import Robustness

RISES = Hypothesis(
    name="rises",
    statement="Train error rises with depth.",
    metric="train_error",
    relation="rises",
    where=(("model.family", "plain"),),
    along="model.depth",
)
BETTER = Hypothesis(
    name="better",
    statement="Residual nets err less.",
    metric="train_error",
    relation="less",
    where=(("model.family", "resnet"),),
    against=(("model.family", "plain"),),
)
NETS = {
    f"{family}{depth}": {"model.family": family, "model.depth": depth}
    for family in ("plain", "resnet")
    for depth in (8, 20, 56)
}


def judged(
    errors: Mapping[str, float],
    hypothesis: Hypothesis = RISES,
    tuned: Mapping[str, str] | None = None,
    longer: Mapping[str, Mapping[int, str]] | None = None,
    unfinished: Collection[str] = (),
    tuned_words: Mapping[str, str] | None = None,
) -> Robustness:
    """Returns what becomes of the verdict on three seeds, 0.001 apart."""
    summary = pd.DataFrame(
        [
            {
                "variant": name,
                "seed": seed,
                "train_error": error + 0.001 * seed,
                "unfinished": name in unfinished,
            }
            for name, error in errors.items()
            for seed in range(3)
        ]
    )
    settings = {name: NETS[name] for name in NETS if name in errors}
    decided = verdicts.judge(summary, settings, [hypothesis])
    (row,) = robustness(
        [hypothesis], decided, summary, settings,
        tuned=tuned or {}, tuned_words=tuned_words or {}, longer=longer or {},
    )  # fmt: skip
    return row


def trained_longer(*names: str, factor: int = 4) -> dict[str, dict[int, str]]:
    return {name: {factor: f"{name}+longer"} for name in names}


DEGRADES = {"plain8": 0.01, "plain56": 0.7}
# What suits the shallow net is what all nets have.
TUNED = {"plain56": "plain56+own", "plain8": "plain8"}


@pytest.mark.parametrize(
    ("tuned_error", "word"), [(0.6, "robust"), (0.3, "recipe-bound"), (0.005, "recipe-bound")]
)
def test_own_settings(tuned_error: float, word: str) -> None:
    row = judged(DEGRADES | {"plain56+own": tuned_error}, tuned=TUNED)
    assert row.word == word
    assert row.effect_own_settings == pytest.approx(tuned_error - 0.01)
    assert math.isnan(row.effect_longer)


@pytest.mark.parametrize(
    ("unfinished", "word"),
    [
        ("", "robust"),
        ("plain56+own", "budget-bound"),
        ("plain8", "budget-bound"),
        ("plain56", "robust"),
    ],
)
def test_tuned_nets_that_had_not_finished_show_no_robust_effect(unfinished: str, word: str) -> None:
    """None was trained longer, so what more steps would do is not known; plain8 has one recipe."""
    row = judged(DEGRADES | {"plain56+own": 0.6}, tuned=TUNED, unfinished=[unfinished])
    assert (row.word, row.unfinished) == (word, int(word == "budget-bound"))


@pytest.mark.parametrize("unfinished", ["plain8", "plain20", "plain56"])
def test_any_net_of_a_trend_that_had_not_finished_counts(unfinished: str) -> None:
    row = judged(DEGRADES | {"plain20": 0.1}, unfinished=[unfinished])
    assert (row.word, row.unfinished) == ("budget-bound", 1)


def test_a_verdict_that_tuned_nets_leave_open_is_not_called_robust() -> None:
    """The mean effect is as large, but so is its spread."""
    errors = DEGRADES | {"plain56+own": 0.9}
    for word, expected in (("supported", "robust"), ("inconclusive", "")):
        row = judged(errors, tuned=TUNED, tuned_words={RISES.name: word})
        assert row.word == expected
        assert row.effect_own_settings == pytest.approx(0.89)


@pytest.mark.parametrize(
    ("longest", "word"),
    [(0.6, "robust"), (0.3, "budget-bound"), (0.015, "settled by training longer")],
)
def test_longer_trainings(longest: float, word: str) -> None:
    """Half of 0.69 is the border of what shrinks, and a point that of what is gone."""
    errors = DEGRADES | {"plain56+longer": longest, "plain8+longer": 0.01}
    row = judged(errors, longer=trained_longer("plain56", "plain8"))
    assert row.word == word
    assert row.effect_longer == pytest.approx(longest - 0.01)


def test_a_longer_training_of_a_net_outranks_its_own_settings() -> None:
    row = judged(
        DEGRADES | {"plain56+own": 0.3, "plain56+longer": 0.01, "plain8+longer": 0.01},
        tuned=TUNED,
        longer=trained_longer("plain56", "plain8"),
    )
    assert row.word == "settled by training longer"
    assert row.effect_own_settings == pytest.approx(0.29)


def test_a_net_that_was_trained_longer_is_not_compared_with_one_that_was_not() -> None:
    """It fits no worse by then, or errs no more, for it has had more steps."""
    errors = DEGRADES | {"plain56+longer": 0.01, "plain8+longer": 0.0}
    for longer in (
        trained_longer("plain56"),
        trained_longer("plain56") | trained_longer("plain8", factor=2),
    ):
        row = judged(errors, longer=longer)
        assert math.isnan(row.effect_longer)
        assert row.word == "budget-bound"
        tuned = judged(errors | {"plain56+own": 0.7}, tuned=TUNED, longer=longer)
        assert (math.isnan(tuned.effect_longer), tuned.word) == (True, "budget-bound")


def test_of_several_longer_trainings_the_longest_that_both_had_counts() -> None:
    longer = {
        "plain56": {2: "plain56+longer2", 4: "plain56+longer4"},
        "plain8": {2: "plain8+longer2", 4: "plain8+longer4", 16: "plain8+longer16"},
    }
    made = {"plain56+longer2": 0.6, "plain56+longer4": 0.5}
    made |= {"plain8+longer2": 0.02, "plain8+longer4": 0.04, "plain8+longer16": 0.0}
    assert judged(DEGRADES | made, longer=longer).effect_longer == pytest.approx(0.46)


def test_a_pair_that_fits_alike_needs_no_longer_training() -> None:
    """A shallow net that was trained longer beside another is compared as in the plan."""
    errors = {"plain8": 0.1, "resnet8": 0.095, "plain56": 0.7, "resnet56": 0.1}
    made = {"plain56+longer": 0.4, "resnet56+longer": 0.09, "plain8+longer": 0.02}
    longer = trained_longer("plain56", "resnet56", "plain8")
    row = judged(errors | made, BETTER, longer=longer)
    assert row.effect_longer == pytest.approx(-0.005)  # of the nets of depth 8


def test_a_trend_is_not_told_by_a_depth_that_does_not_decide_it() -> None:
    """The best depth was not trained longer; what is left over the worst one tells nothing."""
    errors = {"plain8": 0.4, "plain20": 0.1, "plain56": 0.5}
    made = {"plain8+longer": 0.3, "plain56+longer": 0.3}
    row = judged(errors | made, longer=trained_longer("plain8", "plain56"))
    assert math.isnan(row.effect_longer)
    assert row.word == "budget-bound"
    made |= {"plain20+longer": 0.1}
    row = judged(errors | made, longer=trained_longer("plain8", "plain20", "plain56"))
    assert (row.word, row.effect_longer) == ("budget-bound", pytest.approx(0.2))


def test_of_several_parts_the_one_that_speaks_least_for_the_claim_counts() -> None:
    errors = {"plain8": 0.3, "resnet8": 0.1, "plain56": 0.7, "resnet56": 0.1}
    tuned_errors = {"plain8+own": 0.11, "plain56+own": 0.7}
    tuned = {name: f"{name}+own" if f"{name}+own" in tuned_errors else name for name in errors}
    row = judged(errors | tuned_errors, BETTER, tuned=tuned)
    assert row.effect == pytest.approx(-0.2)
    assert row.effect_own_settings == pytest.approx(-0.01)
    assert row.word == "recipe-bound"


def test_a_trend_is_looked_at_as_its_verdict_is() -> None:
    """Which is greatest against each lesser, and not against the least alone."""
    errors = {"plain8": 0.3, "plain20": 0.2, "plain56": 0.28}
    tuned_errors = {f"{name}+own": error for name, error in errors.items()}
    tuned = {name: f"{name}+own" for name in errors}
    row = judged(errors | tuned_errors, tuned=tuned)
    assert (row.effect, row.effect_own_settings) == (pytest.approx(0.08), pytest.approx(0.08))
    assert row.word == "robust"
    even = dataclasses.replace(RISES, relation="does_not_rise", margin=0.02)
    worse = judged({**errors, "plain56": 0.21} | {**tuned_errors, "plain56+own": 0.28}, even, tuned)
    assert worse.effect_own_settings == pytest.approx(0.08)
    assert worse.word == "recipe-bound"


def test_of_trends_each_counts_by_its_greatest_rise() -> None:
    errors = {"plain8": 0.1, "plain56": 0.6, "resnet8": 0.3, "resnet20": 0.1, "resnet56": 0.3}
    both = dataclasses.replace(RISES, where=())
    tuned = {name: f"{name}+own" for name in errors}
    row = judged(errors | {f"{name}+own": error for name, error in errors.items()}, both, tuned)
    assert (row.effect, row.effect_own_settings) == (pytest.approx(0.2), pytest.approx(0.2))
    assert row.word == "robust"


def test_a_tuned_net_is_not_compared_with_one_that_was_not() -> None:
    """As plain nets are tuned, and treated ones are not: what is won may be the tuning's."""
    row = judged(
        {"plain8": 0.3, "resnet8": 0.2, "plain8+own": 0.21},
        BETTER,
        tuned={"plain8": "plain8+own"},
    )
    assert row.effect == pytest.approx(-0.1)
    assert (math.isnan(row.effect_own_settings), row.word) == (True, "")


def test_an_effect_that_is_none_may_shrink() -> None:
    even = dataclasses.replace(RISES, relation="does_not_rise", margin=0.02)
    row = judged(
        {"plain8": 0.01, "plain56": 0.012, "plain56+own": 0.01},
        even,
        tuned=TUNED,
    )
    assert row.word == "robust"


@pytest.mark.parametrize("longest", [0.095, 0.05])
def test_what_is_not_greater_still_is_not_where_a_loss_is_gone(longest: float) -> None:
    """The claim is of no excess; what the net does better is not what it says."""
    no_more = dataclasses.replace(
        RISES, relation="not_greater", along=None, margin=0.01,
        where=(("model.depth", 56),), against=(("model.depth", 8),),
    )  # fmt: skip
    errors = {"plain8": 0.2, "plain56": 0.1, "plain8+longer": 0.1, "plain56+longer": longest}
    row = judged(errors, no_more, longer=trained_longer("plain8", "plain56"))
    assert (row.effect, row.effect_longer) == (pytest.approx(-0.1), pytest.approx(longest - 0.1))
    assert row.word == "robust"


def test_nets_that_were_still_improving_bind_a_verdict_to_its_budget() -> None:
    assert judged(DEGRADES, unfinished=DEGRADES).word == "budget-bound"
    assert judged(DEGRADES).word == ""
    assert judged({"plain8": 0.1, "plain56": 0.1001}, unfinished=DEGRADES).word == ""
