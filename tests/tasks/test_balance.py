"""Balanced errors against scikit-learn's balanced accuracy, and how sure they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from depthstudy.tasks import balanced_error, effective_count


def test_it_is_one_minus_scikit_learns_balanced_accuracy() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), [100, 30, 7, 1])
    guesses = random.integers(0, 4, len(labels))
    errors = (guesses != labels).astype(float)
    expected = 1 - balanced_accuracy_score(labels, guesses)
    assert balanced_error(errors, labels) == pytest.approx(expected)


def test_always_naming_the_largest_class_errs_as_a_guess() -> None:
    labels = np.repeat([0, 1], [300, 10])
    errors = (labels != 0).astype(float)
    assert errors.mean() == pytest.approx(10 / 310)
    assert balanced_error(errors, labels) == 0.5


def test_labels_that_are_no_classes_have_none() -> None:
    assert math.isnan(balanced_error(np.zeros(2), np.zeros((2, 4))))


def test_the_effective_count_gives_the_variance_of_a_balanced_error() -> None:
    """The variance over draws of a constant rate of error is ``p (1 - p)`` over that count."""
    random, labels = np.random.default_rng(0), np.repeat([0, 1, 2], [200, 40, 10])
    drawn = [
        balanced_error((random.random(len(labels)) < 0.3).astype(float), labels)
        for _ in range(4_000)
    ]
    assert np.var(drawn) == pytest.approx(0.3 * 0.7 / effective_count(labels), rel=0.07)
