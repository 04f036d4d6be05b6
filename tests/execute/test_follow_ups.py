"""What is trained because of results: settings for each net, and longer trainings."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest
from told_session import Rule, ToldSession

from depthstudy import execute, plan
from depthstudy.config import Hypothesis, StudyConfig, apply
from depthstudy.configs import quickstart
from depthstudy.execute import Session
from depthstudy.plan import Variant

RATES = (0.003, 0.01, 0.03)
STUDY = apply(
    StudyConfig(),
    (
        ("seeds", 3),
        ("model.family", "plain"),
        ("sweep", (("model.depth", (8, 20)),)),
        ("train.steps", 100),
        ("train.learning_rate", 0.05),
        ("tune", (("train.learning_rate", RATES),)),
        ("budget_check", (2, 4)),
    ),
)


def variants() -> tuple[Variant, ...]:
    return plan.prepare(STUDY)[1]


def tuned(rule: Rule) -> tuple[dict[str, execute.Tuned], ToldSession]:
    session = ToldSession(rule)
    return execute.tune(cast(Session, session), STUDY, variants()), session


def test_each_net_gets_the_rate_of_least_validation_error() -> None:
    """The best rate of depth 20 is the middle one; that of depth 8 lies at an edge."""

    def rule(variant: Variant) -> tuple[float, float]:
        best = 0.01 if variant.info.depth == 20 else 0.03
        return 0.5, abs(variant.train.learning_rate - best)

    found, session = tuned(rule)
    assert dict(found["depth20"].settings) == {"train.learning_rate": 0.01}
    assert dict(found["depth8"].settings) == {"train.learning_rate": 0.03}
    assert found["depth20"].edges == found["depth8"].edges == ()
    counts = {name: len(one.rows) for name, one in found.items()}
    assert len(set(counts.values())) == 1, "all nets have as many trials"
    assert counts["depth8"] > len(RATES), "the grid is widened at an edge"
    assert 0.09 in found["depth8"].rates
    assert [row.steps for row in found["depth8"].rows] == [100] * counts["depth8"]
    chosen = [row.settings for row in found["depth8"].rows if row.chosen]
    assert chosen == ["train.learning_rate=0.03"]
    assert len(session.calls[0]) == 2 * len(RATES)


def fits(needed: dict[int, tuple[int, float]]) -> Rule:
    """Returns a rule by which a net fits from so many steps on, at rates up to the one given."""

    def rule(variant: Variant) -> tuple[float, float]:
        steps, rate = needed[variant.info.depth]
        error = 0.0 if variant.info.steps >= steps and variant.train.learning_rate <= rate else 0.4
        return error, error + 0.01

    return rule


def check(needed: dict[int, tuple[int, float]]) -> tuple[list[str], list[object], ToldSession]:
    session = ToldSession(fits(needed))
    own = {
        name: execute.Tuned((("train.learning_rate", 0.03),), (), (), RATES)
        for name in ("depth8", "depth20")
    }
    longest, rows = execute.check_budgets(cast(Session, session), STUDY, variants(), own)
    summary = [(row.factor, row.settled, row.settings, row.excess) for row in rows]
    return [variant.name for variant in longest], summary, session


def test_a_longer_training_is_tried_with_the_next_lower_rate_first() -> None:
    longest, rows, session = check({8: (100, 1.0), 20: (200, 0.01)})
    assert rows == [(2, True, "train.learning_rate=0.01", 0.0)]
    names = ["depth20+longer2_learning_rate0.01", "depth8+longer2_learning_rate0.01"]
    assert [call for call in session.calls if call] == [names]
    assert longest == names


def test_and_with_its_own_rate_where_that_does_not_settle_it() -> None:
    def slow(variant: Variant) -> tuple[float, float]:
        """The deep net learns in 200 steps at its own rate only."""
        fast = variant.train.learning_rate >= 0.03 and variant.info.steps >= 200
        error = 0.0 if variant.info.depth == 8 or fast else 0.4
        return error, error

    session = ToldSession(slow)
    own = {"depth20": execute.Tuned((("train.learning_rate", 0.03),), (), (), RATES)}
    _, rows = execute.check_budgets(cast(Session, session), STUDY, variants(), own)
    assert [(row.factor, row.settled) for row in rows] == [(2, True)]
    assert rows[0].settings == "train.learning_rate=0.03"


def test_its_own_rate_is_not_tried_where_the_lower_one_leaves_less_than_half() -> None:
    def gains(variant: Variant) -> tuple[float, float]:
        error = 0.4 if variant.info.steps < 200 else 0.1
        return (0.0, 0.0) if variant.info.depth == 8 else (error, error)

    session = ToldSession(gains)
    own = {"depth20": execute.Tuned((("train.learning_rate", 0.03),), (), (), RATES)}
    _, rows = execute.check_budgets(cast(Session, session), STUDY, variants(), own)
    assert [(row.factor, row.settled) for row in rows] == [(2, False), (4, False)]
    assert all(row.settings == "train.learning_rate=0.01" for row in rows)
    assert len([call for call in session.calls if call]) == 2


def test_what_does_not_settle_runs_out_of_factors() -> None:
    longest, rows, session = check({8: (100, 1.0), 20: (1_000, 0.01)})
    assert [(factor, settled) for factor, settled, *_ in rows] == [(2, False), (4, False)]
    assert all(excess == pytest.approx(0.4) for *_, excess in rows)
    assert len([call for call in session.calls if call]) == 4
    assert all("longer4" in name for name in longest)


def test_a_net_may_fail_to_fit_what_one_between_fits() -> None:
    """Which a trend along another field than depth compares it with."""
    rises = Hypothesis(
        name="h", statement="", metric="train_error", relation="rises", along="model.width"
    )
    wider = (("sweep", (("model.width", (4, 8, 16)),)), ("budget_check", (2,)))
    study, nets = plan.prepare(apply(dataclasses.replace(STUDY, hypotheses=(rises,)), wider))

    def between(variant: Variant) -> tuple[float, float]:
        error = 0.0 if variant.config.model.width == 8 else 0.4
        return error, error

    longest, rows = execute.check_budgets(cast(Session, ToldSession(between)), study, nets, {})
    assert ("width16", "width8") in [(row.variant, row.reference) for row in rows]
    assert [variant.name for variant in longest] == ["width16+longer2", "width8+longer2"]


FAMILIES = (("sweep", (("model.family", ("plain", "resnet")), ("model.depth", (8, 20)))),)
RIVAL = Hypothesis(
    name="h",
    statement="",
    metric="test_error",
    relation="less",
    where=(("model.family", "resnet"), ("model.depth", 20)),
    against=(("model.family", "plain"), ("model.depth", 20)),
)


def test_the_net_by_which_it_is_said_whether_to_go_deeper_is_trained_as_long() -> None:
    """The residual net fits best, but the shallow plain net is what the deep one is set against."""
    study, nets = plan.prepare(apply(dataclasses.replace(STUDY, hypotheses=(RIVAL,)), FAMILIES))
    errors = {"plain_depth8": 0.1, "plain_depth20": 0.4, "resnet_depth8": 0.1}

    def rule(variant: Variant) -> tuple[float, float]:
        error = errors.get(variant.info.untreated or variant.name, 0.0)
        return error, error

    session = ToldSession(rule)
    longest, rows = execute.check_budgets(cast(Session, session), study, nets, {})
    found = [(row.variant, row.reference) for row in rows if row.factor == 4]
    assert ("plain_depth20", "resnet_depth20") in found
    trained = [variant.info.untreated for variant in longest]
    assert trained == ["plain_depth20", "resnet_depth20", "plain_depth8"]
    assert {variant.info.longer_factor for variant in longest} == {4}


def test_nets_of_a_case_end_with_as_many_steps() -> None:
    """A net that another one needs for longer is there at the factor of both."""

    def rule(variant: Variant) -> tuple[float, float]:
        family, depth = variant.config.model.family, variant.info.depth
        needed = {("plain", 20): 200, ("resnet", 20): 1_000}.get((family, depth), 0)
        least = 0.005 if (family, depth) == ("resnet", 8) else 0.0
        error = least if variant.info.steps >= needed else 0.4
        return error, error

    both = tuple(
        dataclasses.replace(
            RIVAL, name=family, where=(("model.family", family), ("model.depth", 20)),
            against=(("model.family", "plain"), ("model.depth", 8)),
        )
        for family in ("plain", "resnet")
    )  # fmt: skip
    study, nets = plan.prepare(apply(dataclasses.replace(STUDY, hypotheses=both), FAMILIES))
    longest, _ = execute.check_budgets(cast(Session, ToldSession(rule)), study, nets, {})
    made: dict[str, list[int | None]] = {}
    for variant in longest:
        made.setdefault(variant.info.untreated, []).append(variant.info.longer_factor)
    assert made == {
        "plain_depth20": [2], "plain_depth8": [2, 4], "resnet_depth20": [4], "resnet_depth8": [4],
    }  # fmt: skip


def test_the_quickstart_trains_two_nets_longer() -> None:
    """The net of depth 56 and the one of depth 8, which fits best and errs least."""
    study, nets = plan.prepare(quickstart.get_config())

    def rule(variant: Variant) -> tuple[float, float]:
        deep = variant.config.model.family == "plain" and variant.info.depth == 56
        return (0.7, 0.7) if deep else (0.0, 0.001 * variant.info.depth)

    longest, rows = execute.check_budgets(cast(Session, ToldSession(rule)), study, nets, {})
    assert [row.reference for row in rows] == ["plain_depth8"]
    assert [v.info.untreated for v in longest] == ["plain_depth56", "plain_depth8"]


def test_nets_that_fit_are_not_trained_longer() -> None:
    longest, rows, session = check({8: (100, 1.0), 20: (100, 1.0)})
    assert (longest, rows, session.calls) == ([], [], [])
