"""Kendall's tau against SciPy's, its intervals against how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from depthstudy.stats import kendall


@pytest.mark.parametrize("values", [1000, 6])  # with few values there are ties
def test_tau_is_that_of_scipy(values: int) -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        one, other = draw.integers(values, size=(2, 25))
        assert kendall.tau_b(one, other) == pytest.approx(
            scipy_stats.kendalltau(one, other).statistic
        )


def test_the_difference_is_that_of_the_taus() -> None:
    one, other, target = np.random.default_rng(1).normal(size=(3, 30))
    difference = kendall.difference(one, other, target)
    assert difference.tau == pytest.approx(
        scipy_stats.kendalltau(one, target).statistic
        - scipy_stats.kendalltau(other, target).statistic
    )
    assert difference.low < difference.tau < difference.high


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of two normal numbers with correlation r, tau is 2/pi asin(r) (Kruskal 1958)."""
    draw, r = np.random.default_rng(2), 0.6
    truth = 2 / math.pi * math.asin(r)
    covered = []
    for _ in range(150):
        one, noise = draw.normal(size=(2, 40))
        agreement = kendall.agreement(one, r * one + math.sqrt(1 - r**2) * noise)
        covered.append(agreement.low <= truth <= agreement.high)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_partial_correlation_is_the_textbook_formula() -> None:
    one, other, given = np.random.default_rng(3).normal(size=(3, 50))
    other = other + given
    one = one - given
    r = [
        scipy_stats.spearmanr(a, b).statistic
        for a, b in ((one, other), (one, given), (other, given))
    ]
    expected = (r[0] - r[1] * r[2]) / math.sqrt((1 - r[1] ** 2) * (1 - r[2] ** 2))
    assert kendall.partial(one, other, [given]) == pytest.approx(expected)
    assert math.isnan(kendall.partial(given, other, [given]))


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        kendall.tau_b([1.0, math.nan], [1.0, 2.0])
