"""Means over classes: the chance of images by class, against resampling and the truth."""

from __future__ import annotations

import numpy as np
import pytest

from depthstudy import stats
from depthstudy.stats import Arm

CLASSES = np.repeat([0, 1, 2], [300, 60, 12])


def by_class(wrong: np.ndarray) -> np.ndarray:
    """Returns the mean over the classes of the error on each."""
    return np.mean([wrong[..., label == CLASSES].mean(axis=-1) for label in range(3)], axis=0)


def arm(wrong: np.ndarray) -> Arm:
    return Arm(by_class(wrong), 100, wrong, fraction=True, classes=CLASSES)


def nets(studies: int, rates: tuple[float, ...], *, seed: int) -> np.ndarray:
    """Returns where three seeds err: mostly on the same, harder images of each class."""
    draw = np.random.default_rng(seed)
    hard = draw.random((studies, 1, len(CLASSES)))
    noise = 0.05 * draw.normal(size=(studies, 3, len(CLASSES)))
    return hard + noise < np.array(rates)[CLASSES]


def test_one_class_is_as_without_classes() -> None:
    left, right = nets(1, (0.3, 0.2, 0.4), seed=0)[0], nets(1, (0.2, 0.2, 0.3), seed=1)[0]
    plain = [Arm.of_predictions(wrong) for wrong in (left, right)]
    one = [
        Arm(a.values, a.images, a.wrong, fraction=True, classes=np.zeros(len(CLASSES), int))
        for a in plain
    ]
    ours, theirs = stats.contrast(one, [1, -1]), stats.contrast(plain, [1, -1])
    assert ours.interval() == pytest.approx(theirs.interval())
    assert ours.images == pytest.approx(theirs.images, rel=1e-12)
    assert ours.residual == pytest.approx(theirs.residual, rel=1e-12)
    assert stats.optimism(one) == pytest.approx(stats.optimism(plain))


def test_variance_is_that_of_images_drawn_anew_of_each_class() -> None:
    """The bootstrap by class divides by n, and no half images are added: 12 images tell it."""
    left, right = nets(1, (0.3, 0.2, 0.4), seed=2)[0], nets(1, (0.2, 0.25, 0.6), seed=3)[0]
    contrast = stats.contrast([arm(left), arm(right)], [1, -1])
    assert contrast.mean == pytest.approx(by_class(left).mean() - by_class(right).mean())
    draw, profile = np.random.default_rng(0), left.mean(axis=0) - right.mean(axis=0)
    means = []
    for label in range(3):
        class_profile = profile[label == CLASSES]
        means.append(draw.choice(class_profile, (20_000, len(class_profile))).mean(axis=1))
    resampled = np.mean(means, axis=0).std()
    assert resampled < np.sqrt(contrast.images) < 1.1 * resampled
    # The smallest class has most of it, so that degrees are not many more than its own.
    assert 11 < stats.contrast([arm(left)], [1]).degrees < 60


def test_intervals_hold_the_truth() -> None:
    """Of new images and seeds; without the images half of the intervals would not."""
    rates = (0.3, 0.2, 0.4), (0.2, 0.25, 0.6)
    left, right = (nets(2_000, of, seed=seed) for seed, of in enumerate(rates))
    truth = by_class(nets(20_000, rates[0], seed=4)).mean()
    truth -= by_class(nets(20_000, rates[1], seed=5)).mean()
    covered = {}
    for kind, of in (("both", arm), ("seeds", lambda wrong: Arm(by_class(wrong), 100))):
        low, high = stats.contrast([of(left), of(right)], [1, -1]).limits()
        covered[kind] = np.mean((low <= truth) & (truth <= high))
    assert 0.93 < covered["both"] < 0.99
    assert covered["seeds"] < 0.6


def test_classes_are_of_images_that_are_known() -> None:
    with pytest.raises(ValueError, match="a class for each image"):
        Arm(np.array([0.1, 0.2]), 10, classes=np.zeros(10, int))


def test_what_is_chosen_on_few_images_of_a_class_had_luck() -> None:
    """Ten nets that are equally good: what is chosen is off by about a standard error."""
    equal = [arm(nets(1, (0.2, 0.2, 0.2), seed=seed)[0]) for seed in range(10, 20)]
    error = np.std([float(one.mean) for one in equal], ddof=1)
    assert 0.3 * error < stats.optimism(equal) < 3 * error
