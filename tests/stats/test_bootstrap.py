"""Intervals over images: against SciPy's bootstrap, Student's interval and made-up populations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from depthstudy.stats import Bootstrap

Floats = NDArray[np.float64]


def first(means: Floats) -> Floats:
    return means[:, 0]


def test_of_many_images_it_is_the_percentile_interval_of_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=400)
    low, high = Bootstrap(draws=20_000).interval((values[:, None],), first)
    result = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    width = result.high - result.low
    assert low == pytest.approx(result.low, abs=0.03 * width)
    assert high == pytest.approx(result.high, abs=0.03 * width)


def test_of_few_normal_numbers_it_is_as_wide_as_students() -> None:
    values = np.random.default_rng(1).normal(size=(12, 1))
    low, high = Bootstrap(draws=50_000).interval((values,), first)
    exact = scipy_stats.t.interval(0.95, 11, values.mean(), scipy_stats.sem(values[:, 0]))
    assert high - low == pytest.approx(exact[1] - exact[0], rel=0.06)


@pytest.mark.parametrize("count", [8, 30, 200])
def test_it_holds_the_truth_about_as_often_as_it_says(count: int) -> None:
    random = np.random.default_rng(count)
    held = 0
    for _ in range(300):
        low, high = Bootstrap().interval((random.normal(3, 2, (count, 1)),), first)
        held += low <= 3 <= high
    assert 0.92 <= held / 300 <= 0.99


def test_a_difference_of_two_splits_draws_each_by_itself() -> None:
    random = np.random.default_rng(0)
    train, test = random.normal(0, 1, (300, 1)), random.normal(1, 3, (200, 1))
    low, high = Bootstrap().interval((train, test), lambda means: means[:, 1] - means[:, 0])
    error = np.sqrt(train.var() / 300 + test.var() / 200)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)


@pytest.mark.parametrize("values", [np.zeros((40, 1)), np.full((40, 1), 0.1), np.ones((1, 1))])
def test_there_is_none_where_all_images_say_the_same(values: Floats) -> None:
    assert Bootstrap().interval((values,), first) is None


def test_columns_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    groups = (random.normal(size=(30, 3)), random.normal(size=(20, 2)))
    whole = Bootstrap().interval(groups, lambda means: means[:, 1] * means[:, 4])
    some = Bootstrap().interval(groups, lambda means: means[:, 0] * means[:, 1], (1, 4))
    monkeypatch.setattr("depthstudy.stats.bootstrap.NUMBERS", 64)
    parts = Bootstrap().interval(groups, lambda means: means[:, 0] * means[:, 1], (1, 4))
    assert whole == some == pytest.approx(parts)


def test_it_does_not_depend_on_what_was_asked_before() -> None:
    random = np.random.default_rng(0)
    one, other = (random.normal(size=(30, 1)),), (random.normal(size=(30, 1)),)
    shared = Bootstrap()
    shared.interval(other, first)
    assert shared.interval(one, first) == Bootstrap().interval(one, first)
