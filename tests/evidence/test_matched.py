"""The gap at matched train loss, on runs whose course is planted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from depthstudy.evidence.causes import matched
from depthstudy.records import Record

Course = Sequence[tuple[float, float, float]]  # train loss, train error, test error


def rows(variant: str, seed: int, course: Course) -> list[Record]:
    return [
        Record(
            study="s", variant=variant, seed=seed, step=10 * place, probe="evaluation",
            metric=metric, value=value,
        )
        for place, values in enumerate(course, start=1)
        for metric, value in zip(("train_loss", "train_error", "test_error"), values, strict=True)
    ]  # fmt: skip


def diverged(variant: str, seed: int) -> Record:
    return Record(
        study="s", variant=variant, seed=seed, step=5, probe="run", metric="diverged_at_step",
        value=5.0,
    )  # fmt: skip


GROUPS = {"a": "plain", "b": "plain", "other": "resnet"}
FAST: Course = [(0.9, 0.4, 0.5), (0.3, 0.1, 0.3), (0.1, 0.0, 0.35)]
SLOW: Course = [(2.0, 0.8, 0.8), (1.0, 0.5, 0.55), (0.5, 0.2, 0.25)]


def test_all_are_looked_at_where_the_worst_ends() -> None:
    a, b = matched.gaps([*rows("a", 0, FAST), *rows("b", 0, SLOW), *rows("other", 0, FAST)], GROUPS)
    assert (a.variant, b.variant, a.group, a.seeds) == ("a", "b", "plain", 1)
    assert a.level == b.level == pytest.approx(0.5)
    # Net a passes 0.5 between losses of 0.9 and 0.3, gaps of 0.1 and 0.2.
    share = math.log(0.9 / 0.5) / math.log(0.9 / 0.3)
    assert (a.step, a.train_loss) == (pytest.approx(10 + 10 * share), pytest.approx(0.5))
    assert (b.step, b.train_loss) == (30, pytest.approx(0.5))
    assert (a.gap, b.gap) == (pytest.approx(0.1 + 0.1 * share), pytest.approx(0.05))
    assert a.matched
    assert b.matched
    assert math.isnan(a.low)


def test_seeds_have_a_level_each_and_an_interval() -> None:
    second: Course = [(0.9, 0.4, 0.5), (0.8, 0.1, 0.5), (0.6, 0.2, 0.3)]
    table = [
        row
        for seed, slow in enumerate([SLOW, second])
        for row in (*rows("a", seed, FAST), *rows("b", seed, slow))
    ]
    a, b = matched.gaps(table, GROUPS)
    assert a.level == pytest.approx(math.sqrt(0.5 * 0.6))
    shares = [math.log(0.9 / level) / math.log(0.9 / 0.3) for level in (0.5, 0.6)]
    assert a.gap == pytest.approx(0.1 + 0.1 * sum(shares) / 2)
    assert b.gap == pytest.approx((0.05 + 0.1) / 2)
    half = 12.7062 * abs(0.1 - 0.05) / math.sqrt(2) / math.sqrt(2)  # t of one degree of freedom
    assert (b.low, b.high) == (pytest.approx(0.075 - half, 1e-4), pytest.approx(0.075 + half, 1e-4))


def test_gaps_that_agree_have_no_interval() -> None:
    table = [row for seed in range(3) for name in "ab" for row in rows(name, seed, FAST)]
    for gap in matched.gaps(table, GROUPS):
        assert (gap.gap, gap.seeds, gap.matched) == (pytest.approx(0.35), 3, True)
        assert math.isnan(gap.low)
        assert math.isnan(gap.high)


def test_a_run_that_diverged_takes_its_seed_with_it() -> None:
    table = [row for seed in (0, 1) for name in "ab" for row in rows(name, seed, FAST)]
    both = matched.gaps([*table, diverged("b", 1)], GROUPS)
    assert [gap.seeds for gap in both] == [1, 1]
    assert matched.gaps([*table, diverged("b", 0), diverged("b", 1)], GROUPS) == []


def test_what_began_below_the_level_cannot_be_matched() -> None:
    late: Course = [(0.12, 0.0, 0.35), (0.1, 0.0, 0.35)]
    a, b = matched.gaps([*rows("a", 0, late), *rows("b", 0, SLOW)], GROUPS)
    assert (a.matched, a.train_loss, a.level) == (False, pytest.approx(0.12), pytest.approx(0.5))
    assert math.isnan(a.gap)
    assert (b.matched, b.gap) == (True, pytest.approx(0.05))


def test_one_net_has_none_to_be_matched_with() -> None:
    assert matched.gaps(rows("a", 0, FAST), GROUPS) == []
    assert matched.gaps([], GROUPS) == []


def test_without_images_that_are_held_out_there_are_no_gaps() -> None:
    """Then new images are looked at in the end alone, so that no gap was measured before."""
    table = [row for name in "ab" for row in rows(name, 0, FAST)]
    at_the_end = [row for row in table if row.metric != "test_error" or row.step == 30]
    assert len(matched.gaps(table, GROUPS)) == 2
    assert matched.gaps(at_the_end, GROUPS) == []
