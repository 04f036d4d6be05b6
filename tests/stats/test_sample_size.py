"""Numbers of seeds against statsmodels, and by simulation."""

import math

import numpy as np
import pytest
from statsmodels.stats import power as sm_power

from depthstudy import stats
from depthstudy.stats import Arm


@pytest.mark.parametrize(
    ("seeds", "distance", "spread", "alpha"),
    [(2, 1.0, 1.0, 0.05), (5, 0.01, 0.02, 0.025), (12, 3.0, 2.0, 0.001), (300, 0.1, 1.0, 0.025)],
)
def test_power_is_statsmodels(seeds, distance, spread, alpha):
    expected = sm_power.TTestPower().power(distance / spread, seeds, alpha, alternative="larger")
    assert stats.power(seeds, distance, spread, alpha) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("size", [2.0, 10.0, 1e8])
def test_power_grows_to_one_even_where_scipy_underflows_to_nan(size):
    powers = np.array([stats.power(seeds, size, 1.0, 0.025) for seeds in range(2, 1001)])
    assert (np.diff(powers) >= -1e-9).all()
    assert powers[-1] == 1.0


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
    samples = np.random.default_rng(1).normal(0, 1.5, (2000, seeds))
    shown = stats.contrast([Arm(samples)], [1.0]).p_equivalent(1.0) < 0.025
    assert np.mean(shown) == pytest.approx(0.8, abs=0.035)  # one seed more or less is 0.02


def test_a_spread_of_few_seeds_gives_a_range():
    contrast = stats.contrast([Arm(np.array([0.02, 0.0, 0.04, -0.01]))], [1.0])
    seeds, low, high, images = stats.outlook(contrast, [0.0125], 0.025)
    spread = contrast.interval().spread
    assert seeds == stats.seeds_needed([0.0125], spread, 0.025)
    # The spread's 80% interval: 3 / chi-square quantiles of 3 degrees, 6.25 and 0.584.
    assert low == stats.seeds_needed([0.0125], spread * math.sqrt(3 / 6.25), 0.025)
    assert low < seeds < high
    assert images is None


def test_where_images_are_the_limit_no_seeds_are_named():
    rng = np.random.default_rng(0)
    wrong = rng.random((2, 1, 100)) < np.array([0.10, 0.07])[:, None, None]
    arms = [Arm.of_predictions(np.repeat(each, 5, axis=0)) for each in wrong]
    contrast = stats.contrast(arms, [1, -1])
    distance = 0.02
    seeds, _, _, images = stats.outlook(contrast, [distance], 0.025, image_count=100)
    assert seeds is None
    z = 1.959964 + 0.841621
    assert images == math.ceil(100 * z**2 * float(contrast.images) / distance**2)


def test_what_is_open_takes_more_seeds_than_there_are() -> None:
    """At the effect that was seen two would do, and yet the three there are have not."""
    contrast = stats.contrast([Arm(np.array([0.5, 0.501, 0.502]))], [1.0])
    assert stats.seeds_needed([0.4], contrast.interval().spread, 0.025) <= 3
    seeds, low, high, _ = stats.outlook(contrast, [0.4], 0.025)
    assert (seeds, low, high) == (4, 4, 4)


def test_no_more_images_are_named_than_anyone_gathers() -> None:
    wrong = np.arange(100) < np.array([10, 7])[:, None, None]
    contrast = stats.contrast([Arm.of_predictions(np.repeat(w, 3, axis=0)) for w in wrong], [1, -1])
    counts = [stats.outlook(contrast, [d], 0.025, image_count=100).images for d in (1e-3, 1e-5)]
    assert counts[0] is not None
    assert 10_000 < counts[0] < 1_000_000
    assert counts[1] is None
