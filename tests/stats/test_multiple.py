"""Holm's method against statsmodels, its own words, and the intervals that go with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import multitest

from depthstudy import stats


def test_holm_by_hand():
    # Sorted .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .04, made monotone: .04 .06 .06 .06.
    np.testing.assert_allclose(stats.holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(stats.holm([0.6, 0.7]), [1.0, 1.0])
    assert stats.holm([0.03]) == [0.03]
    assert len(stats.holm([])) == 0


@pytest.mark.parametrize("tests", [1, 2, 7, 30])
def test_holm_is_statsmodels(tests):
    p = np.random.default_rng(tests).beta(0.3, 3, tests)
    np.testing.assert_allclose(stats.holm(p), multitest.multipletests(p, method="holm")[1])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_lies_between_p_and_bonferroni_and_rejects_step_by_step(p_values):
    p = np.array(p_values)
    adjusted = stats.holm(p)
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= -1e-12).all()
    assert (adjusted >= p - 1e-12).all()
    assert (adjusted <= np.minimum(1, p * len(p)) + 1e-12).all()
    steps = p[order] <= 0.05 / np.arange(len(p), 0, -1)  # Holm's own words: stop at the first no
    near = np.isclose(p[order] * np.arange(len(p), 0, -1), 0.05)
    if not near.any():
        rejected = np.logical_and.accumulate(steps)
        assert (adjusted[order] <= 0.05).tolist() == rejected.tolist()


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_level_of_each_decides_as_the_adjusted_p_does(p_values):
    p = np.array(p_values)
    levels = stats.holm_levels(p)
    clear = ~np.isclose(p, levels)
    if clear.all():
        np.testing.assert_array_equal(p <= levels, stats.holm(p) <= 0.05)
    assert ((levels >= 0.05 / len(p) - 1e-12) & (levels <= 0.05)).all()


def test_looks_spend_the_level_once():
    for spending in ("pocock", "obrien_fleming", "even"):
        assert sum(stats.nominal_levels(spending=spending).values()) == pytest.approx(0.05)
    # Lan & DeMets 1983: 0.05 log(1 + (e - 1) / 2) by half of the seeds.
    assert stats.nominal_levels((10, 20))[10] == pytest.approx(0.05 * np.log(1 + (np.e - 1) / 2))
    with pytest.raises(ValueError, match="growing numbers"):
        stats.nominal_levels((5, 3))
