"""Contrasts: against SciPy, statsmodels and closed forms where they are plain t tests."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import weightstats

from depthstudy import stats
from depthstudy.stats import Arm

EFFECTS = np.array([0.031, 0.012, 0.044, -0.005, 0.027])
SAMPLES = st.lists(st.floats(-10, 10).map(lambda x: round(x, 3)), min_size=2, max_size=12).map(
    np.array
)


def one(effects, *, exact=False):
    """The mean of one arm, which is the classical one-sample problem."""
    return stats.contrast([Arm(np.asarray(effects))], [1.0], exact=exact)


@pytest.mark.parametrize("boundary", [-0.01, 0.0, 0.0218, 0.05])
def test_one_arm_is_scipys_t_test(boundary):
    for alternative in ("greater", "less"):
        ours = getattr(one(EFFECTS), f"p_{alternative}")(boundary)
        expected = scipy.stats.ttest_1samp(EFFECTS, boundary, alternative=alternative).pvalue
        assert ours == pytest.approx(expected, rel=1e-9), alternative


def test_two_arms_are_welchs_test():
    rng = np.random.default_rng(0)
    plain, residual = rng.normal(0.3, 0.1, 8), rng.normal(0.2, 0.02, 5)
    contrast = stats.contrast([Arm(plain), Arm(residual)], [1, -1])
    expected = scipy.stats.ttest_ind(plain, residual, equal_var=False)
    assert 2 * contrast.p_greater() == pytest.approx(expected.pvalue, rel=1e-9)
    assert contrast.limits() == pytest.approx(tuple(expected.confidence_interval()))
    interval = contrast.interval()
    assert (interval.seeds, interval.mean) == (5, plain.mean() - residual.mean())


def test_paired_arms_are_the_paired_test():
    rng = np.random.default_rng(0)
    plain, residual = rng.normal(0.3, 0.1, 8), rng.normal(0.2, 0.1, 8)
    contrast = stats.contrast([Arm(plain), Arm(residual)], [1, -1], paired=True)
    expected = scipy.stats.ttest_rel(plain, residual, alternative="greater").pvalue
    assert contrast.p_greater() == pytest.approx(expected, rel=1e-9)
    with pytest.raises(ValueError, match="equally many runs"):
        stats.contrast([Arm(plain), Arm(residual[1:])], [1, -1], paired=True)


@pytest.mark.parametrize("margin", [0.01, 0.03, 0.06])
def test_equivalence_is_statsmodels_tost(margin):
    expected = weightstats.ttost_paired(EFFECTS, np.zeros(5), -margin, margin)[0]
    assert one(EFFECTS).p_equivalent(margin) == pytest.approx(expected, rel=1e-9)


def test_beyond_is_the_likelier_of_the_two_sides():
    upper = scipy.stats.ttest_1samp(EFFECTS, 0.01, alternative="greater").pvalue
    assert one(EFFECTS).p_beyond(0.01) == pytest.approx(upper, rel=1e-9)
    assert one(-EFFECTS).p_beyond(0.01) == pytest.approx(upper, rel=1e-9)
    assert one(EFFECTS).p_beyond(1.0) > 0.99


# 0.3 - 0.1, 0.4 - 0.2 and 0.9 - 0.7 differ in their last bits: that is no spread.
@pytest.mark.parametrize("equal", [[0.2, 0.2, 0.2], [0.3 - 0.1, 0.4 - 0.2, 0.9 - 0.7]])
def test_what_no_seed_changes_holds_or_does_not(equal):
    contrast = one(equal, exact=True)
    assert contrast.interval() == (*[pytest.approx(0.2)] * 3, 0.0, 3)
    assert (contrast.p_greater(0.1), contrast.p_less(0.1)) == (0.0, 1.0)
    assert (contrast.p_greater(0.2), contrast.p_less(0.2)) == (1.0, 0.0)
    for effect in (contrast, contrast.mirrored()):
        equivalent = [effect.p_equivalent(margin) for margin in (0.3, 0.2, 0.1)]
        beyond = [effect.p_beyond(margin) for margin in (0.3, 0.2, 0.1)]
        assert (equivalent, beyond) == ([0, 0, 1], [1, 1, 0])


def test_agreement_that_is_not_said_to_be_exact_proves_nothing():
    contrast = one([0.2, 0.2, 0.2])
    assert not contrast.decidable
    assert np.isnan([contrast.p_greater(0.1), *contrast.limits()]).all()


def test_equal_counts_on_few_images_are_no_proof():
    arms = [Arm(np.full(3, wrong / 360), 360, fraction=True) for wrong in (2, 1)]
    contrast = stats.contrast(arms, [1, -1], stats.fit_prior(arms))
    assert 0.01 < contrast.p_greater() < 0.5  # one error against two, by every seed
    assert contrast.interval().low < contrast.interval().high


def drawn(studies, rate, images, seed):
    """Where three seeds err: mostly on the same, harder images."""
    draw = np.random.default_rng(seed)
    hard = draw.normal(size=(studies, 1, images))
    return hard + 0.3 * draw.normal(size=(studies, 3, images)) < scipy.stats.norm.ppf(rate)


def of_set(wrong, test_set=""):
    return dataclasses.replace(Arm.of_predictions(wrong), test_set=test_set)


@pytest.mark.parametrize(("counts", "names"), [((400, 250), ("", "")), ((300, 300), ("a", "b"))])
def test_images_of_other_sets_are_independent(counts, names):
    """Neither a number nor an order is shared: the variance is that of two samples."""
    rows = [drawn(2_000, 0.2, count, seed) for seed, count in enumerate(counts)]
    contrast = stats.contrast([of_set(*of) for of in zip(rows, names, strict=True)], [1, -1])
    profiles = [wrong.mean(axis=1) for wrong in rows]
    closed = sum(p.var(axis=-1, ddof=1) / p.shape[-1] for p in profiles)
    np.testing.assert_allclose(contrast.images, closed, rtol=0.05)
    low, high = contrast.limits()
    assert 0.93 < np.mean((low <= 0) & (high >= 0)) < 0.98  # both nets err on a fifth


def test_images_of_one_set_stay_pairs():
    wrong = drawn(1, 0.2, 400, 0)[0]
    arms = [of_set(wrong, "a"), of_set(np.roll(wrong, 1, axis=0), "a")]
    pairs = stats.contrast(arms, [1, -1])
    others = stats.contrast([arms[0], of_set(arms[1].wrong, "b")], [1, -1])
    assert pairs.images < 0.1 * others.images
    one = stats.contrast(arms[:1], [-1])
    assert one.images == pytest.approx(stats.contrast(arms[:1], [1]).images)


def test_a_choice_between_nets_of_other_images_had_luck_too():
    equal = [of_set(drawn(1, 0.2, 200 + seed, seed)[0]) for seed in range(10)]
    error = math.sqrt(0.2 * 0.8 / 200)
    assert 0.3 * error < stats.optimism(equal) < 3 * error


def test_one_seed_has_a_mean_and_nothing_else():
    contrast = one([0.25])
    assert contrast.mean == 0.25
    for p in (
        contrast.p_greater(),
        contrast.p_less(),
        contrast.p_equivalent(1.0),
        contrast.p_beyond(1.0),
    ):
        assert math.isnan(p)


@pytest.mark.parametrize("bad", [[0.1, math.nan], [0.1, math.inf], 0.1])
def test_what_is_no_set_of_runs_is_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        Arm(np.asarray(bad))


def test_the_interval_excludes_exactly_what_the_two_sided_test_rejects():
    deep = Arm(np.array([0.14, 0.29, 0.44, 0.64, 0.89]), 360, fraction=True)
    shallow = Arm(np.array([0.04, 0.03, 0.05, 0.04, 0.04]), 360, fraction=True)
    for contrast in (one(EFFECTS), stats.contrast([deep, shallow], [1, -1])):
        low, high = contrast.limits()
        assert contrast.p_greater(low) == pytest.approx(0.025, rel=1e-6)
        assert contrast.p_less(high) == pytest.approx(0.025, rel=1e-6)


@settings(deadline=None)
@given(SAMPLES, st.integers(-5, 5))
def test_the_two_sides_mirror_each_other(effects, boundary):
    contrast = one(effects)
    greater, less = contrast.p_greater(boundary), contrast.p_less(boundary)
    np.testing.assert_equal(greater, one(-effects).p_less(-boundary))
    assert math.isnan(greater) or greater + less == pytest.approx(1)


@settings(deadline=None)
@given(SAMPLES, st.floats(0, 5), st.floats(0, 5))
def test_a_wider_margin_makes_equivalence_likelier(effects, first, second):
    narrow, wide = sorted((first, second))
    contrast = one(effects)
    if contrast.decidable:
        assert contrast.p_equivalent(wide) <= contrast.p_equivalent(narrow) + 1e-9
        assert contrast.p_beyond(wide) >= contrast.p_beyond(narrow) - 1e-9
