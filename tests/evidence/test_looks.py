"""Looking at more and more seeds: when it stops, what it says, and how often it errs."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.evidence.claims import looks, verdicts

WORSE = Hypothesis(
    name="worse",
    statement="The deep net errs more.",
    metric="test_error",
    relation="greater",
    where=(("model.depth", 56),),
    against=(("model.depth", 8),),
)
SETTINGS = {"deep": {"model.depth": 56}, "shallow": {"model.depth": 8}}


def summary(deep: np.ndarray, shallow: np.ndarray) -> pd.DataFrame:
    errors = {"deep": deep, "shallow": shallow}
    return pd.DataFrame(
        [
            {"variant": name, "seed": seed, "test_error": value, "unfinished": False}
            for name, values in errors.items()
            for seed, value in enumerate(values)
        ]
    )


def test_looks_are_planned_from_the_first_to_the_most() -> None:
    assert list(looks.planned(1, 20)) == [3, 5, 10, 20]
    assert list(looks.planned(5, 7)) == [5, 7]
    assert list(looks.planned(3, 30)) == [3, 5, 10, 20, 30]
    assert looks.planned(3, 20) == stats.nominal_levels((3, 5, 10, 20))


def test_looks_that_are_added_share_a_fifth_of_what_was_spent() -> None:
    once = {3: 0.05}
    added = looks.planned(3, 20, once)
    assert list(added) == [3, 5, 10, 20]
    assert added[3] == 0.05
    assert sum(added.values()) == pytest.approx(0.06)
    assert looks.planned(3, 20, added) == added  # the same command once more
    further = looks.planned(3, 40, added)
    assert further == added | {40: pytest.approx(0.002)}
    assert looks.planned(3, 10, added) == {n: added[n] for n in (3, 5, 10)}
    fewer = looks.planned(3, 20, {10: 0.05})  # which had looked at ten seeds
    assert list(fewer) == [3, 5, 10, 20]
    assert sum(fewer.values()) == pytest.approx(0.01)


def test_what_is_decided_stays_as_it_was_seen() -> None:
    """The gap of three seeds is plain; the seeds after them would turn it around."""
    deep = np.array([0.50, 0.51, 0.52, 0.01, 0.01])
    shallow = np.array([0.10, 0.11, 0.12, 0.60, 0.60])
    (verdict,) = looks.judge_at_looks(
        summary(deep, shallow), SETTINGS, [WORSE], looks.planned(3, 5)
    )
    assert (verdict.verdict, verdict.seeds) == ("supported", 3)
    assert verdict.effect == pytest.approx(0.4)
    (once,) = verdicts.judge(summary(deep, shallow), SETTINGS, [WORSE])
    assert once.verdict == "inconclusive"


def test_what_is_decided_frees_its_share_of_the_level() -> None:
    """At the second look the hypothesis that is open is tested by itself."""
    deep = np.array([0.50, 0.51, 0.52, 0.50, 0.51])
    shallow = np.array([0.10, 0.11, 0.12, 0.10, 0.11])
    close = np.array([0.12, 0.10, 0.14, 0.13, 0.12])
    table = pd.concat(
        [
            summary(deep, shallow),
            pd.DataFrame(
                {"variant": "close", "seed": range(5), "test_error": close, "unfinished": False}
            ),
        ]
    )
    settings = SETTINGS | {"close": {"model.depth": 20}}
    slight = dataclasses.replace(WORSE, name="slight", where=(("model.depth", 20),))
    _, open_one = looks.judge_at_looks(table, settings, [WORSE, slight], looks.planned(3, 5))
    (alone,) = verdicts.judge(table, settings, [slight])
    share = stats.nominal_levels((3, 5))[5] / 0.05
    assert open_one.seeds == 5
    assert open_one.p == pytest.approx(min(1.0, alone.p / share), rel=1e-6)


def test_a_look_with_seeds_that_are_not_there_is_none() -> None:
    deep, shallow = np.array([0.2, 0.3, 0.1]), np.array([0.2, 0.1, 0.3])
    (verdict,) = looks.judge_at_looks(
        summary(deep, shallow), SETTINGS, [WORSE], looks.planned(3, 10)
    )
    assert (verdict.verdict, verdict.seeds) == ("inconclusive", 3)
    assert looks.undecided([WORSE], {"worse": verdict}) == [WORSE]
    assert looks.compared([WORSE], SETTINGS) == {"deep", "shallow"}


def test_a_seed_that_is_not_done_leaves_those_that_are() -> None:
    """As where nets are added to a study that has looked at three seeds, and five are trained."""
    wrong = {name: np.arange(5) < np.arange(1, 5)[:, None] for name in SETTINGS}
    table = summary(*(runs.mean(axis=1) for runs in wrong.values()))
    table.loc[(table["variant"] == "deep") & (table["seed"] > 1), "seed"] += 1
    (verdict,) = looks.judge_at_looks(
        table, SETTINGS, [WORSE], looks.planned(3, 5, {3: 0.05}), predictions=wrong
    )
    assert (verdict.verdict, verdict.seeds, verdict.look) == ("inconclusive", 2, 3)


def test_the_p_value_is_corrected_for_the_looks() -> None:
    deep, shallow = np.array([0.31, 0.30, 0.32]), np.array([0.10, 0.11, 0.12])
    table = summary(deep, shallow)
    (once,) = verdicts.judge(table, SETTINGS, [WORSE])
    (first,) = looks.judge_at_looks(table, SETTINGS, [WORSE], looks.planned(3, 20))
    assert first.p == pytest.approx(once.p * 0.05 / looks.planned(3, 20)[3])


def test_a_study_that_had_looked_at_full_level_goes_on_at_what_is_left() -> None:
    """Its three seeds left it open; two more would decide a study that asked so at first."""
    deep = np.array([0.33, 0.29, 0.35, 0.345, 0.34])
    shallow = np.array([0.30, 0.28, 0.29, 0.28, 0.30])
    table = summary(deep, shallow)
    (asked,) = looks.judge_at_looks(table, SETTINGS, [WORSE], looks.planned(3, 5))
    (added,) = looks.judge_at_looks(table, SETTINGS, [WORSE], looks.planned(3, 5, {3: 0.05}))
    (once,) = verdicts.judge(table, SETTINGS, [WORSE])
    level = stats.nominal_levels((3, 5))[5]
    assert (asked.verdict, asked.p) == ("supported", pytest.approx(once.p * 0.05 / level))
    assert (added.verdict, added.p) == ("inconclusive", pytest.approx(once.p * 0.05 / 0.01))


@pytest.mark.slow
def test_equal_nets_are_told_apart_in_one_study_of_twenty() -> None:
    """Of 150 pairs of equal nets, looked at up to four times, at most 5% are decided.

    The standard error of such a share is 1.8 points.
    """
    generator = np.random.default_rng(0)
    stopped = 0
    for _ in range(150):
        deep, shallow = generator.normal(0.3, 0.02, (2, 20))
        (verdict,) = looks.judge_at_looks(
            summary(deep, shallow), SETTINGS, [WORSE], looks.planned(3, 20)
        )
        stopped += verdict.verdict in looks.DECIDED
    assert stopped / 150 < 0.05 + 2 * 0.018


def test_a_p_value_that_is_unknown_stays_so() -> None:
    """Both nets are no better than a constant answer, so there is nothing to test."""
    table = summary(np.full(3, 0.9), np.full(3, 0.9))
    known = {"test_error": {"deep": 0.9, "shallow": 0.9}}
    for planned in ({}, looks.planned(3, 20)):
        (verdict,) = looks.judge_at_looks(table, SETTINGS, [WORSE], planned, baselines=known)
        assert math.isnan(verdict.p)
