"""Numbers laid out by seed, and their interval."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from depthstudy import stats
from depthstudy.errors import InputError

EFFECTS = np.array([0.031, 0.012, 0.044, -0.005, 0.027])


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_interval_is_scipys(level):
    expected = scipy.stats.ttest_1samp(EFFECTS, 0).confidence_interval(level)
    interval = stats.interval(EFFECTS, level)
    np.testing.assert_allclose([interval.low, interval.high], expected, rtol=1e-10)
    assert interval.mean == pytest.approx(0.0218)
    assert interval.spread == pytest.approx(np.std(EFFECTS, ddof=1))
    assert interval.seeds == 5


def test_interval_of_two_seeds_is_the_cauchy_quantile():
    # With one degree of freedom t is Cauchy: its 0.975 quantile is tan(0.475 pi).
    interval = stats.interval([1.0, 3.0])
    assert interval.high - interval.mean == pytest.approx(math.tan(0.475 * math.pi), rel=1e-9)


def test_one_seed_has_a_mean_and_nothing_else():
    mean, *rest, seeds = stats.interval([0.25])
    assert (mean, seeds) == (0.25, 1)
    assert np.isnan(rest).all()
    assert np.isnan(stats.interval([])[:4]).all()


def test_effects_that_agree_have_a_point_where_the_seed_changes_nothing():
    assert stats.interval(np.zeros(4), exact=True) == (0.0, 0.0, 0.0, 0.0, 4)
    mean, *ends, _, seeds = stats.interval(np.zeros(4))
    assert (mean, seeds) == (0.0, 4)
    assert np.isnan(ends).all()
    assert stats.interval(EFFECTS, exact=True) == stats.interval(EFFECTS)


@pytest.mark.parametrize("bad", [[0.1, math.nan], [0.1, math.inf], [[0.1, 0.2]], 0.1])
def test_what_is_no_list_of_finite_numbers_is_refused(bad):
    for call in (stats.interval, stats.holm):
        with pytest.raises(ValueError, match="expected"):
            call(bad)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(2)
    intervals = [stats.interval(rng.normal(0.02, 0.01, 4)) for _ in range(4000)]
    covered = np.mean([e.low <= 0.02 <= e.high for e in intervals])
    assert covered == pytest.approx(0.95, abs=0.0105)  # three standard errors


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
