"""Against SciPy, statsmodels, closed forms, and simulations of the promised error rates."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import multitest, weightstats
from statsmodels.stats import power as sm_power

from depthstudy import stats
from depthstudy.errors import InputError

EFFECTS = np.array([0.031, 0.012, 0.044, -0.005, 0.027])
SAMPLES = st.lists(st.floats(-10, 10).map(lambda x: round(x, 3)), min_size=2, max_size=12).map(
    np.array
)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_interval_is_scipys(level):
    expected = scipy.stats.ttest_1samp(EFFECTS, 0).confidence_interval(level)
    found = stats.interval(EFFECTS, level)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-10)
    assert found.mean == pytest.approx(0.0218)
    assert found.spread == pytest.approx(np.std(EFFECTS, ddof=1))
    assert found.seeds == 5


def test_interval_of_two_seeds_is_the_cauchy_quantile():
    # With one degree of freedom t is Cauchy: its 0.975 quantile is tan(0.475 pi).
    found = stats.interval([1.0, 3.0])
    assert found.high - found.mean == pytest.approx(math.tan(0.475 * math.pi), rel=1e-9)


def test_one_seed_has_a_mean_and_nothing_else():
    mean, *rest, seeds = stats.interval([0.25])
    assert (mean, seeds) == (0.25, 1)
    assert np.isnan(rest).all()
    one = [0.25]
    assert math.isnan(stats.p_greater(one))
    assert math.isnan(stats.p_less(one))
    assert math.isnan(stats.p_differs(one))
    assert math.isnan(stats.p_equivalent(one, 1.0))
    assert math.isnan(stats.p_beyond(one, 1.0))
    assert np.isnan(stats.interval([])[:4]).all()


@pytest.mark.parametrize("boundary", [-0.01, 0.0, 0.0218, 0.05])
def test_t_tests_are_scipys(boundary):
    for ours, alternative in (
        (stats.p_greater, "greater"),
        (stats.p_less, "less"),
        (stats.p_differs, "two-sided"),
    ):
        expected = scipy.stats.ttest_1samp(EFFECTS, boundary, alternative=alternative).pvalue
        assert ours(EFFECTS, boundary) == pytest.approx(expected, rel=1e-9), alternative


def test_paired_differences_are_the_paired_test():
    rng = np.random.default_rng(0)
    plain, residual = rng.normal(0.3, 0.1, 8), rng.normal(0.2, 0.1, 8)
    expected = scipy.stats.ttest_rel(plain, residual, alternative="greater").pvalue
    assert stats.p_greater(plain - residual) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("margin", [0.01, 0.03, 0.06])
def test_equivalence_is_statsmodels_tost(margin):
    expected = weightstats.ttost_paired(EFFECTS, np.zeros(5), -margin, margin)[0]
    assert stats.p_equivalent(EFFECTS, margin) == pytest.approx(expected, rel=1e-9)


def test_beyond_is_the_likelier_of_the_two_sides():
    upper = scipy.stats.ttest_1samp(EFFECTS, 0.01, alternative="greater").pvalue
    assert stats.p_beyond(EFFECTS, 0.01) == pytest.approx(upper, rel=1e-9)
    assert stats.p_beyond(-EFFECTS, 0.01) == pytest.approx(upper, rel=1e-9)
    assert stats.p_beyond(EFFECTS, 1.0) > 0.99


# 0.3 - 0.1, 0.4 - 0.2 and 0.9 - 0.7 differ in their last bits: that is no spread.
@pytest.mark.parametrize("equal", [[0.2, 0.2, 0.2], [0.3 - 0.1, 0.4 - 0.2, 0.9 - 0.7]])
def test_without_spread_a_claim_holds_or_does_not(equal):
    assert stats.interval(equal)[1:4] == (pytest.approx(0.2), pytest.approx(0.2), 0.0)
    assert stats.p_greater(equal, 0.1) == 0.0
    assert stats.p_less(equal, 0.1) == 1.0
    assert stats.p_differs(equal, 0.1) == 0.0
    for p in (stats.p_greater, stats.p_less, stats.p_differs):
        assert p(equal, 0.2) == 1.0
    assert stats.p_equivalent(equal, 0.3) == 0.0
    assert stats.p_equivalent(equal, 0.2) == 1.0
    assert stats.p_equivalent(equal, 0.1) == 1.0
    assert stats.p_beyond(equal, 0.1) == 0.0
    assert stats.p_beyond(equal, 0.3) == 1.0


def test_no_effect_at_all_is_no_difference():
    zeros = np.zeros(4)
    assert stats.p_differs(zeros) == 1.0
    assert stats.p_equivalent(zeros, 0.01) == 0.0
    assert stats.interval(zeros) == (0.0, 0.0, 0.0, 0.0, 4)


@pytest.mark.parametrize("bad", [[0.1, math.nan], [0.1, math.inf], [[0.1, 0.2]], 0.1])
def test_what_is_no_list_of_finite_effects_is_refused(bad):
    for call in (stats.interval, stats.p_greater, stats.p_less, stats.holm):
        with pytest.raises(ValueError, match="expected"):
            call(bad)


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


@pytest.mark.parametrize(
    ("seeds", "distance", "spread", "alpha"),
    [(2, 1.0, 1.0, 0.05), (5, 0.01, 0.02, 0.025), (12, 3.0, 2.0, 0.001), (300, 0.1, 1.0, 0.025)],
)
def test_power_is_statsmodels(seeds, distance, spread, alpha):
    expected = sm_power.TTestPower().power(distance / spread, seeds, alpha, alternative="larger")
    assert stats.power(seeds, distance, spread, alpha) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("size", [2.0, 10.0, 1e8])
def test_power_grows_to_one_even_where_scipy_underflows_to_nan(size):
    found = np.array([stats.power(seeds, size, 1.0, 0.025) for seeds in range(2, 1001)])
    assert (np.diff(found) >= -1e-9).all()
    assert found[-1] == 1.0


@pytest.mark.parametrize(("size", "alpha"), [(0.2, 0.025), (0.5, 0.025), (1.0, 0.005), (2.0, 0.05)])
def test_seeds_needed_is_statsmodels_rounded_up(size, alpha):
    exact = sm_power.TTestPower().solve_power(size, None, alpha, 0.8, alternative="larger")
    assert stats.seeds_needed([size * 0.03], 0.03, alpha) == math.ceil(float(exact))


def test_seeds_needed_at_its_ends():
    assert stats.seeds_needed([0.0], 1.0, 0.025) is None
    assert stats.seeds_needed([-0.1], 1.0, 0.025) is None
    assert stats.seeds_needed([0.01], 1.0, 0.025) is None  # 78,491 seeds
    assert stats.seeds_needed([0.5], 1.0, 0.025, most=33) is None
    assert stats.seeds_needed([0.5], 1.0, 0.025, most=34) == 34
    assert stats.seeds_needed([0.1], 0.0, 0.025) == 2
    assert stats.seeds_needed([1e6], 1e-3, 0.025) == 2  # underflows inside SciPy


def test_seeds_needed_for_equivalence_give_the_stated_power():
    seeds = stats.seeds_needed([1.0, 1.0], 1.5, 0.025)
    assert seeds is not None
    assert seeds > stats.seeds_needed([1.0], 1.5, 0.025)
    rng = np.random.default_rng(1)
    shown = [stats.p_equivalent(rng.normal(0, 1.5, seeds), 1.0) < 0.025 for _ in range(2000)]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.035)  # one seed more or less is 0.02


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(2)
    found = [stats.interval(rng.normal(0.02, 0.01, 4)) for _ in range(4000)]
    covered = np.mean([e.low <= 0.02 <= e.high for e in found])
    assert covered == pytest.approx(0.95, abs=0.0105)  # three standard errors


def test_false_positives_are_as_frequent_as_the_level():
    rng = np.random.default_rng(3)
    samples = rng.normal(0.02, 0.01, (4000, 3))
    for p in (stats.p_greater, stats.p_less, stats.p_differs):
        rate = np.mean([p(sample, 0.02) < 0.05 for sample in samples])
        assert rate == pytest.approx(0.05, abs=0.0105)
    # On its boundary, equivalence is the harder to claim, and 'beyond' stays below the level.
    assert np.mean([stats.p_equivalent(s, 0.02) < 0.05 for s in samples]) < 0.0605
    beyond = [stats.two_sided(stats.p_beyond(s, 0.02), 1.0) < 0.05 for s in samples]
    assert np.mean(beyond) < 0.0605


def test_the_interval_excludes_exactly_what_the_two_sided_test_rejects():
    low, high = stats.interval(EFFECTS)[1:3]
    assert stats.p_differs(EFFECTS, low) == pytest.approx(0.05, rel=1e-6)
    assert stats.p_differs(EFFECTS, high) == pytest.approx(0.05, rel=1e-6)


@settings(deadline=None)
@given(SAMPLES, st.integers(-5, 5), st.integers(-5, 5))
def test_shifting_effects_and_boundary_changes_nothing(effects, boundary, shift):
    before = stats.p_greater(effects, boundary)
    assert stats.p_greater(effects + shift, boundary + shift) == pytest.approx(before, abs=1e-6)
    moved = stats.interval(effects + shift)
    assert moved.low == pytest.approx(stats.interval(effects).low + shift, abs=1e-6)


@settings(deadline=None)
@given(SAMPLES, st.integers(-5, 5))
def test_the_two_sides_mirror_each_other(effects, boundary):
    greater, less = stats.p_greater(effects, boundary), stats.p_less(effects, boundary)
    assert greater == stats.p_less(-effects, -boundary)
    assert greater + less == pytest.approx(1) or (greater, less) == (1, 1)


@settings(deadline=None)
@given(SAMPLES, st.floats(0, 5), st.floats(0, 5))
def test_a_wider_margin_makes_equivalence_likelier(effects, one, other):
    narrow, wide = sorted((one, other))
    assert stats.p_equivalent(effects, wide) <= stats.p_equivalent(effects, narrow) + 1e-9
    assert stats.p_beyond(effects, wide) >= stats.p_beyond(effects, narrow) - 1e-9


def test_runs_are_laid_out_by_seed():
    summary = pd.DataFrame(
        {
            "variant": ["b", "a", "a"],
            "seed": [0, 1, 0],
            "test_error": [0.3, 0.2, 0.1],
            "macs": [7, 8, 9],
        }
    )
    table = stats.by_seed(summary, "test_error")
    assert table["a"].to_list() == [0.1, 0.2]
    np.testing.assert_equal(table["b"].to_numpy(), [0.3, np.nan])
    with pytest.raises(InputError, match=r"variant 'a', seed 0 twice"):
        stats.by_seed(pd.concat([summary, summary.tail(1)]), "macs")
    with pytest.raises(InputError, match=r"test_error of variant 'b', seed 0 is inf"):
        stats.by_seed(summary.replace(0.3, np.inf), "test_error")
