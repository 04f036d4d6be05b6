"""Pools in a plan: how many seeds their nets have, how nets are grouped, what is refused."""

from __future__ import annotations

import pytest

from depthstudy import plan
from depthstudy.config import Hypothesis, Pool, StudyConfig, Treatment, apply
from depthstudy.errors import InputError
from depthstudy.plan import pools

VARIANTS = tuple(
    (name, (("model.depth", depth), ("train.learning_rate", rate)))
    for name, depth, rate in (("a", 8, 0.1), ("b", 14, 0.2), ("c", 20, 0.1))
)
STUDY = apply(
    StudyConfig(seeds=3), (("model.width", 4), ("train.steps", 4), ("variants", VARIANTS))
)


def with_pools(*given: Pool, **others: object) -> StudyConfig:
    return StudyConfig(**{**vars(STUDY), "pools": given, **others})  # type: ignore[arg-type]


def test_a_net_has_as_many_seeds_as_it_stands_in_a_pool() -> None:
    study, variants = plan.prepare(with_pools(Pool("p", ("a", "b", "a")), Pool("q", ("b",))))
    assert {v.name: v.seeds for v in variants} == {"a": 2, "b": 1, "c": None}
    assert [v.name for v in variants if pools.is_partial(study, v)] == ["a", "b"]
    assert {v.info.group for v in variants} == {"resnet"}  # though rates differ


def test_what_a_net_of_a_pool_is_pruned_from_has_as_many_seeds() -> None:
    half = ("half", (*VARIANTS[0][1], ("prune.weights", 0.5), ("prune.fine_tune_epochs", 1)))
    pruned = with_pools(Pool("p", ("half",) * 5), Pool("q", ("a",)), variants=(*VARIANTS, half))
    study, variants = plan.prepare(pruned)
    assert {v.name: v.seeds for v in variants} == {"a": 5, "b": None, "c": None, "half": 5}
    study, variants = plan.prepare(with_pools(Pool("q", ("a",)), variants=(*VARIANTS, half)))
    assert {v.name: v.seeds for v in variants} == {"a": 3, "b": None, "c": None, "half": None}
    assert not any(pools.is_partial(study, v) for v in variants)


def test_a_net_has_the_seeds_that_one_in_a_pool_shares_with_it() -> None:
    deep = Treatment("deep_rate", "recipe", (("train.learning_rate", 0.2),))
    shared = (*VARIANTS, ("d", (("model.depth", 8), ("train.learning_rate", 0.2))))
    asked = with_pools(Pool("p", ("a+deep_rate",) * 4), variants=shared, treatments=(deep,))
    seeds = {v.name: (v.info.same_as, v.seeds) for v in plan.prepare(asked)[1]}
    assert seeds["a+deep_rate"] == ("d", 4)
    assert seeds["d"] == ("", 4)


def test_without_pools_rates_make_groups() -> None:
    assert len({v.info.group for v in plan.plan(STUDY)}) == 2


@pytest.mark.parametrize(
    ("pool", "problem"),
    [
        (Pool("p", ("d",)), r"'p' names no variant 'd'.*there are: a, b, c"),
        (Pool("a", ("a",)), r"'a' is the name of another pool or variant"),
        (Pool("p", ()), r"'p' has no variants"),
    ],
)
def test_what_is_no_pool_is_refused(pool: Pool, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        plan.prepare(with_pools(pool))


def test_hypotheses_know_pools_and_no_others() -> None:
    asked = Hypothesis("h", "H.", "test_error", "less", (("pool", "p"),), (("pool", "q"),))
    both = (Pool("p", ("a",)), Pool("q", ("b",)))
    study, _ = plan.prepare(with_pools(*both, hypotheses=(asked,)))
    assert study.hypotheses == (asked,)
    with pytest.raises(InputError, match="unknown field 'pool'"):
        plan.prepare(with_pools(hypotheses=(asked,)))


def test_seeds_are_not_added_to_pools() -> None:
    with pytest.raises(InputError, match=r"seeds_until_settled adds seeds to variants"):
        plan.prepare(with_pools(Pool("p", ("a",)), seeds_until_settled=5))
