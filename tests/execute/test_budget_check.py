"""Which nets are trained longer beside one that does not fit, so that equals are compared."""

from __future__ import annotations

import dataclasses
from typing import cast

from told_session import ToldSession

from depthstudy import execute, plan
from depthstudy.config import Hypothesis, StudyConfig, apply
from depthstudy.configs import quickstart
from depthstudy.execute import Session
from depthstudy.plan import Variant

STUDY = apply(
    StudyConfig(),
    (
        ("seeds", 3),
        ("model.family", "plain"),
        ("train.steps", 100),
        ("train.learning_rate", 0.05),
        ("budget_check", (2, 4)),
    ),
)
FAMILIES = (("sweep", (("model.family", ("plain", "resnet")), ("model.depth", (8, 20)))),)
RIVAL = Hypothesis(
    name="h",
    statement="",
    metric="test_error",
    relation="less",
    where=(("model.family", "resnet"), ("model.depth", 20)),
    against=(("model.family", "plain"), ("model.depth", 20)),
)


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


def test_the_net_by_which_it_is_said_whether_to_go_deeper_is_trained_as_long() -> None:
    """The residual net fits best, but the shallow plain net is what the deep one is set against."""
    study, nets = plan.prepare(apply(dataclasses.replace(STUDY, hypotheses=(RIVAL,)), FAMILIES))
    errors = {"plain_depth8": 0.1, "plain_depth20": 0.4, "resnet_depth8": 0.1}

    def rule(variant: Variant) -> tuple[float, float]:
        error = errors.get(variant.info.untreated or variant.name, 0.0)
        return error, error

    session = ToldSession(rule)
    longest, rows = execute.check_budgets(cast(Session, session), study, nets, {})
    pairs = [(row.variant, row.reference) for row in rows if row.factor == 4]
    assert ("plain_depth20", "resnet_depth20") in pairs
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
    """The net of depth 38 and the one of depth 8, which fits best and errs least."""
    study, nets = plan.prepare(quickstart.get_config())

    def rule(variant: Variant) -> tuple[float, float]:
        deep = variant.config.model.family == "plain" and variant.info.depth == 38
        return (0.7, 0.7) if deep else (0.0, 0.001 * variant.info.depth)

    longest, rows = execute.check_budgets(cast(Session, ToldSession(rule)), study, nets, {})
    assert [(row.reference, row.factor) for row in rows] == [
        ("plain_depth8", 4),
        ("plain_depth8", 16),
    ]
    assert {v.info.untreated for v in longest} == {"plain_depth38", "plain_depth8"}


def test_nets_that_are_compared_are_trained_with_equally_many_rates() -> None:
    """The lower rate shrinks what depth 20 lacks, and not what depth 32 lacks, beside depth 8."""
    errors = {  # by depth: as planned, trained longer at the next lower rate, and at the usual one
        8: (0.05, 0.04, 0.00),
        20: (0.20, 0.09, 0.01),
        32: (0.30, 0.25, 0.24),
    }

    def rule(variant: Variant) -> tuple[float, float]:
        planned, lower, usual = errors[variant.info.depth]
        longer = lower if variant.train.learning_rate < 0.05 else usual
        error = longer if variant.info.longer_factor else planned
        return error, error

    depths = (("sweep", (("model.depth", (8, 20, 32)),)), ("budget_check", (2,)))
    study, nets = plan.prepare(apply(STUDY, depths))
    _, rows = execute.check_budgets(cast(Session, ToldSession(rule)), study, nets, {})
    assert {row.variant: round(row.excess, 6) for row in rows} == {"depth20": 0.01, "depth32": 0.24}
