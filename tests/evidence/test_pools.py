"""Pools: nets that stand together, and how often searches that are alike are told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from depthstudy.config import Hypothesis, Pool
from depthstudy.evidence import findings
from depthstudy.evidence.claims import pools, verdicts
from depthstudy.evidence.material import Material
from depthstudy.evidence.panel import ImageErrors
from depthstudy.plan.pools import with_pools
from depthstudy.records import Verdict

BETTER = Hypothesis(
    "better", "The search is better.", "test_error", "less",
    (("pool", "the search"),), (("pool", "at random"),),
)  # fmt: skip
REPEATS = 5


def summary(**errors: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"variant": name, "seed": seed, "test_error": value}
            for name, values in errors.items()
            for seed, value in enumerate(values)
        ]
    )


def two_pools() -> tuple[Pool, Pool]:
    return (
        Pool("the search", tuple(f"a{i}" for i in range(REPEATS))),
        Pool("at random", tuple(f"b{i}" for i in range(REPEATS))),
    )


def judged(search: np.ndarray, random: np.ndarray, images: int = 2_000) -> Verdict:
    ours, theirs = two_pools()
    names = [*ours.variants, *theirs.variants]
    values = np.clip([*search, *random], 0, 1)
    table = pools.rows(
        summary(**{name: [value] for name, value in zip(names, values, strict=True)}),
        [ours, theirs],
    )
    settings = with_pools({name: {"model.family": "staged"} for name in names}, [ours, theirs])
    (verdict,) = verdicts.judge(table, settings, [BETTER], images={"test_error": images})
    return verdict


def test_a_net_that_stands_twice_adds_its_first_two_seeds() -> None:
    table = summary(a=[0.1, 0.2, 0.3], b=[0.4])
    pooled = pools.rows(table, [Pool("p", ("a", "b", "a"))])
    rows = pooled[pooled["variant"] == "p"]
    assert list(rows["seed"]) == [0, 1, 2]
    assert list(rows["test_error"]) == [0.1, 0.4, 0.2]
    assert len(pooled) == len(table) + 3


def test_images_are_those_of_the_same_runs() -> None:
    wrong = {"a": np.eye(3, dtype=bool), "b": np.ones((1, 3), dtype=bool)}
    predictions = pools.predictions(wrong, [Pool("p", ("a", "b", "a")), Pool("q", ("c",))])
    assert predictions["p"].tolist() == [wrong["a"][0].tolist(), [True] * 3, wrong["a"][1].tolist()]
    assert "q" not in predictions


def test_a_pool_of_nets_with_other_test_images_has_no_common_ones() -> None:
    wrong = {
        "a": ImageErrors(np.eye(3, dtype=bool), test_set="one"),
        "b": ImageErrors(np.ones((1, 3), dtype=bool), test_set="other"),
        "c": ImageErrors(np.ones((1, 3), dtype=bool), test_set="one"),
    }
    given = [Pool("p", ("a", "b")), Pool("q", ("a", "c"))]
    predictions = pools.predictions(wrong, given)
    assert "p" not in predictions
    assert predictions["q"].test_set == "one"
    assert predictions["q"].wrong.tolist() == [[True, False, False], [True] * 3]


def test_a_search_that_is_better_is_told_and_the_effect_is_its_mean() -> None:
    draw = np.random.default_rng(0)
    ours, theirs = 0.10 + draw.normal(0, 0.005, 5), 0.14 + draw.normal(0, 0.005, 5)
    verdict = judged(ours, theirs)
    assert verdict.verdict == "supported"
    assert verdict.seeds == REPEATS
    assert verdict.effect == pytest.approx(ours.mean() - theirs.mean())


def pooled_material(error: float, largest: float) -> Material:
    """Returns a study of two pools of three nets, all with one error on 10,000 images."""
    names = [f"{pool}{i}" for pool in "ab" for i in range(3)]
    given = [Pool(name, tuple(names[3 * i : 3 * i + 3])) for i, name in enumerate("AB")]
    wrong = np.random.default_rng(0).permutation(10_000) < 10_000 * error
    return Material(
        summary=summary(**{name: [error] for name in names}),
        trained=(),
        probed=(),
        variants=(),
        settings=with_pools({name: {} for name in names}, given),
        pruned={},
        predictions=dict.fromkeys(names, wrong[None]),
        images={"test_error": 10_000},
        budgets=dict.fromkeys(names, 1.0),
        chance=dict.fromkeys(names, 0.9),
        baselines={"test_error": dict.fromkeys(names, largest)},
        pools=given,
    )


@pytest.mark.parametrize(
    ("largest", "word", "no_better"), [(0.49, "inconclusive", "A, B"), (0.9, "supported", "")]
)
def test_pools_that_learned_nothing_support_nothing(
    largest: float, word: str, no_better: str
) -> None:
    asked = Hypothesis(
        "equal", "S.", "test_error", "equivalent", (("pool", "A"),), (("pool", "B"),), margin=0.02
    )
    (verdict,) = findings.judge(pooled_material(0.5, largest), [asked])
    assert (verdict.verdict, verdict.no_better) == (word, no_better)


def test_the_constant_answer_of_a_pool_is_that_of_its_runs() -> None:
    known = {"test_error": {"a": 0.4, "b": 0.1}, "train_error": {"a": 0.5}}
    baselines = pools.baselines(known, [Pool("p", ("a", "b", "a"))])
    assert baselines["test_error"] == {"a": 0.4, "b": 0.1, "p": pytest.approx(0.3)}
    assert baselines["train_error"] == {"a": 0.5}


@pytest.mark.slow
def test_two_random_searches_are_seldom_told_apart() -> None:
    """Each finds the least of ten noisy errors, and is trained anew: level 5%, two-sided."""
    draw = np.random.default_rng(1)

    def chosen_errors() -> np.ndarray:
        true = 0.10 + draw.exponential(0.03, (REPEATS, 10))
        picks = (true + draw.normal(0, 0.01, true.shape)).argmin(axis=1)
        return true[np.arange(REPEATS), picks] + draw.normal(0, 0.005, REPEATS)

    decided = [
        judged(chosen_errors(), chosen_errors()).verdict != "inconclusive" for _ in range(200)
    ]
    assert np.mean(decided) <= 0.07


def test_variants_are_not_picked_with_pools() -> None:
    settings = with_pools({"a": {"pool": None, "treatment": ""}}, two_pools())
    assert settings["the search"] == {"pool": "the search", "pools": "", "treatment": ""}


def test_a_pool_is_counted_on_as_many_images_as_the_least_of_its_nets() -> None:
    known = {"test_error": 360, "train_error": {"a": 100, "b": 400}}
    counts = pools.images(known, [Pool("p", ("a", "b")), Pool("q", ("c",))])
    assert counts == {"test_error": 360, "train_error": {"a": 100, "b": 400, "p": 100}}
