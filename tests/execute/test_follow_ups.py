"""What is trained because of results: settings for each net, and longer trainings."""

from __future__ import annotations

from typing import cast

import pytest
from told_session import Rule, ToldSession

from depthstudy import execute, plan
from depthstudy.config import StudyConfig, Value, apply, get
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

    tuned_nets, session = tuned(rule)
    assert dict(tuned_nets["depth20"].settings) == {"train.learning_rate": 0.01}
    assert dict(tuned_nets["depth8"].settings) == {"train.learning_rate": 0.03}
    assert tuned_nets["depth20"].edges == tuned_nets["depth8"].edges == ()
    counts = {name: len(one.rows) for name, one in tuned_nets.items()}
    assert len(set(counts.values())) == 1, "all nets have as many trials"
    assert counts["depth8"] > len(RATES), "the grid is widened at an edge"
    assert 0.09 in tuned_nets["depth8"].rates
    beyond = [row.settings for row in tuned_nets["depth8"].rows if row.beyond_grid]
    assert beyond == [row.settings for row in tuned_nets["depth8"].rows[len(RATES) :]]
    assert [row.steps for row in tuned_nets["depth8"].rows] == [100] * counts["depth8"]
    chosen = [row.settings for row in tuned_nets["depth8"].rows if row.chosen]
    assert chosen == ["train.learning_rate=0.03"]
    assert len(session.calls[0]) == 2 * len(RATES)


def widest(
    field: str, values: tuple[float, ...], best: dict[int, float], *settings: tuple[str, Value]
) -> dict[int, list[float]]:
    """Returns what is tried of a field beyond a grid, by depth, where each depth has its best."""
    study = apply(STUDY, (("tune", ((field, values),)), *settings))

    def rule(variant: Variant) -> tuple[float, float]:
        return 0.5, abs(get(variant.given, field) / best[variant.info.depth] - 1)  # type: ignore[operator]

    tuned_nets = execute.tune(cast(Session, ToldSession(rule)), study, plan.prepare(study)[1])
    for name, one in tuned_nets.items():
        assert one.edges in ((), (field,)), name
    return {
        int(name.removeprefix("depth")): [
            float(row.settings.partition("=")[2]) for row in one.rows[len(values) :]
        ]
        for name, one in tuned_nets.items()
    }


def test_a_grid_is_widened_as_far_as_values_fit_their_field() -> None:
    sizes, best = (32, 64, 128), {8: 1, 20: 64}
    epochs = (("train.steps", None), ("train.epochs", 4))
    assert widest("train.batch_size", sizes, best, *epochs) == {8: [16, 8], 20: [90, 76]}
    # 90 images cannot be split over the eight devices of the tests
    jit = ("train.placement", "jit")
    assert widest("train.batch_size", sizes, best, *epochs, jit) == {8: [16, 8], 20: []}
    momentum = widest("train.momentum", (0.8, 0.9, 0.95, 0.99), {8: 1.0, 20: 0.1})
    assert momentum == {8: [], 20: [0.711, 0.632]}  # 1.03 is none; 0.8² / 0.9, 0.711² / 0.8
    assert widest("train.label_smoothing", (0.1, 0.3, 0.9), {8: 1.0, 20: 1.0}) == {8: [], 20: []}


def test_a_tuning_ends_where_a_grid_has_no_value_left() -> None:
    decays = (0.99, 0.999, 0.9999)
    assert widest("train.average_decay", decays, {8: 0.999, 20: 0.99}) == {8: [], 20: [0.981]}


def test_an_edge_that_cannot_be_widened_is_said() -> None:
    field = "train.momentum"
    study = apply(STUDY, (("tune", ((field, (0.9, 0.99)),)),))

    def rule(variant: Variant) -> tuple[float, float]:
        return 0.5, 1 - variant.train.momentum

    tuned_nets = execute.tune(cast(Session, ToldSession(rule)), study, plan.prepare(study)[1])
    for one in tuned_nets.values():
        assert one.edges == (field,)
        assert [row.at_edge for row in one.rows] == ["", field]
        assert not any(row.beyond_grid for row in one.rows)


def fits(needed: dict[int, tuple[int, float]]) -> Rule:
    """Returns a rule by which a net fits from so many steps on, at rates up to the one given."""

    def rule(variant: Variant) -> tuple[float, float]:
        steps, rate = needed[variant.info.depth]
        error = 0.0 if variant.info.steps >= steps and variant.train.learning_rate <= rate else 0.4
        return error, error + 0.01

    return rule


def check(needed: dict[int, tuple[int, float]]) -> tuple[list[str], list[object], ToldSession]:
    session = ToldSession(fits(needed))
    tuned_nets = {
        name: execute.Tuned((("train.learning_rate", 0.03),), (), (), RATES)
        for name in ("depth8", "depth20")
    }
    longest, rows = execute.check_budgets(cast(Session, session), STUDY, variants(), tuned_nets)
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
    tuned_nets = {"depth20": execute.Tuned((("train.learning_rate", 0.03),), (), (), RATES)}
    _, rows = execute.check_budgets(cast(Session, session), STUDY, variants(), tuned_nets)
    assert [(row.factor, row.settled) for row in rows] == [(2, True)]
    assert rows[0].settings == "train.learning_rate=0.03"


def test_its_own_rate_is_not_tried_where_the_lower_one_leaves_less_than_half() -> None:
    def gains(variant: Variant) -> tuple[float, float]:
        error = 0.4 if variant.info.steps < 200 else 0.1
        return (0.0, 0.0) if variant.info.depth == 8 else (error, error)

    session = ToldSession(gains)
    tuned_nets = {"depth20": execute.Tuned((("train.learning_rate", 0.03),), (), (), RATES)}
    _, rows = execute.check_budgets(cast(Session, session), STUDY, variants(), tuned_nets)
    assert [(row.factor, row.settled) for row in rows] == [(2, False), (4, False)]
    assert all(row.settings == "train.learning_rate=0.01" for row in rows)
    assert len([call for call in session.calls if call]) == 2


def test_what_does_not_settle_runs_out_of_factors() -> None:
    longest, rows, session = check({8: (100, 1.0), 20: (1_000, 0.01)})
    assert [(factor, settled) for factor, settled, *_ in rows] == [(2, False), (4, False)]
    assert all(excess == pytest.approx(0.4) for *_, excess in rows)
    assert len([call for call in session.calls if call]) == 4
    assert all("longer4" in name for name in longest)


def test_nets_that_fit_are_not_trained_longer() -> None:
    longest, rows, session = check({8: (100, 1.0), 20: (100, 1.0)})
    assert (longest, rows, session.calls) == ([], [], [])


def test_trials_of_batch_sizes_are_listed_with_their_own_steps() -> None:
    tune = (("train.batch_size", (64, 128)),)
    study = apply(STUDY, (("train.steps", None), ("train.epochs", 4), ("tune", tune)))
    session = ToldSession(lambda variant: (0.5, 0.5))
    _, planned = plan.prepare(study)
    tuned_nets = execute.tune(cast(Session, session), study, planned)
    steps = {row.settings: row.steps for row in tuned_nets["depth8"].rows}
    whole = planned[0].info.steps
    assert abs(steps["train.batch_size=64"] - 2 * whole) <= 1
    assert steps["train.batch_size=128"] == whole
