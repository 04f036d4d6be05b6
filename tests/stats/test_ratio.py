"""Fieller's interval: against the test that it inverts, a closed form, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats

from depthstudy.stats import ratio_limits


def fieller(above: ArrayLike, below: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Returns the interval of the mean of ``above[seeds]`` over that of ``below[seeds]``."""
    x, y = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    (xx, xy), (_, yy) = np.cov(x, y) / len(x)
    critical = stats.t(len(x) - 1).ppf((1 + level) / 2)
    return ratio_limits(float(x.mean()), float(y.mean()), xx, xy, yy, critical)


def test_its_ends_are_where_the_paired_test_is_just_rejected() -> None:
    x, y = np.array([0.61, 0.58, 0.66, 0.60]), np.array([0.63, 0.60, 0.75, 0.58])
    low, high = fieller(x, y)
    assert low < x.mean() / y.mean() < high
    for end in (low, high):
        assert stats.ttest_1samp(x - end * y, 0).pvalue == pytest.approx(0.05)
    inner, outer = fieller(x, y, 0.8)
    assert low < inner < outer < high
    assert stats.ttest_1samp(x - inner * y, 0).pvalue == pytest.approx(0.2)


def test_an_exact_denominator_scales_the_t_interval() -> None:
    x = np.array([0.1, 0.2, 0.6])
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert fieller(x, np.full(3, 0.5)) == pytest.approx((expected.low / 0.5, expected.high / 0.5))


def test_proportional_numbers_have_an_exact_ratio() -> None:
    y = np.array([0.4, 0.5, 0.45])
    assert fieller(0.7 * y, y) == pytest.approx((0.7, 0.7), abs=1e-7)


@pytest.mark.parametrize(("x", "y"), [([0.1, 0.2, 0.3], [-0.1, 0.1, 0.2]), ([1, 2], [0, 0])])
def test_there_are_no_bounds_where_the_denominator_may_be_zero(x: list, y: list) -> None:
    assert np.isnan(fieller(x, y)).all()


def test_it_covers_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    inside = 0
    for _ in range(3_000):
        y = draw.normal(1.0, 0.15, 4)
        low, high = fieller(0.3 * y + draw.normal(0.2, 0.1, 4), y)
        inside += low <= 0.5 <= high
    assert inside / 3_000 == pytest.approx(0.95, abs=0.012)


numbers = st.lists(st.floats(-1, 1).map(lambda value: round(value, 6)), min_size=3, max_size=3)


@settings(deadline=None)
@given(numbers, numbers)
def test_the_ratio_lies_inside(x: list[float], y: list[float]) -> None:
    low, high = fieller(x, y)
    if not np.isnan(low):
        ratio = np.mean(x) / np.mean(y)
        assert low - 1e-6 * (1 + abs(ratio)) <= ratio <= high + 1e-6 * (1 + abs(ratio))
