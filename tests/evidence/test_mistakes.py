import numpy as np
import pytest
from sklearn import metrics

from depthstudy.evidence.mistakes import classes, images
from depthstudy.evidence.mistakes.answers import Answers

NAMES = ("cat", "dog", "owl")
RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, 60)


def answers(wrong_rate, runs=3):
    turn = (RANDOM.random((runs, 60)) < wrong_rate) * RANDOM.integers(1, 3, (runs, 60))
    return Answers(LABELS, (LABELS + turn) % 3, RANDOM.random((runs, 60)))


def test_errors_by_class_and_confusion_are_those_of_scikit_learn():
    given = answers(0.4)
    matrix = np.mean([metrics.confusion_matrix(LABELS, run) for run in given.predicted], axis=0)
    rows = classes.confusion("a", given, NAMES)
    image_counts = {(row.name, row.predicted): row.images for row in rows}
    for i, name in enumerate(NAMES):
        for j, predicted in enumerate(NAMES):
            assert image_counts.get((name, predicted), 0.0) == pytest.approx(matrix[i, j])
    recall = np.diag(matrix) / matrix.sum(axis=1)
    errors = classes.by_class({"a": given}, NAMES)
    assert [row.error for row in errors] == pytest.approx((1 - recall).tolist())
    assert [row.images for row in errors] == np.bincount(LABELS).tolist()


def test_a_class_without_test_images_has_no_error():
    given = Answers(np.array([0, 2]), np.array([[0, 1]]), np.ones((1, 2)))
    assert [row.name for row in classes.by_class({"a": given}, NAMES)] == ["cat", "owl"]


def test_the_worst_are_those_that_runs_are_surest_of():
    labels = np.array([0, 0, 0, 0])
    predicted = np.array([[1, 0, 2, 0], [1, 0, 0, 0]])
    confidence = np.array([[0.9, 1.0, 0.8, 1.0], [0.7, 1.0, 0.5, 1.0]])
    rows = images.worst({"a": Answers(labels, predicted, confidence)}, "a", NAMES)
    assert [(row.image, row.predicted, row.wrong) for row in rows] == [
        (0, "dog", 1.0), (2, "owl", 0.5),
    ]  # fmt: skip
    assert [row.confidence for row in rows] == pytest.approx([0.8, 0.8])


def test_a_label_is_suspected_where_all_nets_agree_on_another_class():
    labels, sure = np.array([0, 0]), np.ones((3, 2))
    wrong = Answers(labels, np.array([[1, 1]] * 3), sure)
    half = Answers(labels, np.array([[1, 0]] * 3), sure)
    first, second = images.worst({"a": wrong, "b": half}, "a", NAMES)
    assert (first.suspect, first.agreeing) == (True, 1.0)
    assert (second.suspect, second.agreeing) == (False, 0.5)


def test_flips_count_what_most_runs_of_one_net_lose_and_win():
    labels = np.zeros(4, int)
    deep = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]])
    other = np.array([[0, 0, 1, 0], [0, 0, 1, 1], [0, 1, 1, 0]])
    given = {
        "d": Answers(labels, deep, np.ones((3, 4))),
        "s": Answers(labels, other, np.ones((3, 4))),
    }
    row = images.flips(given, "plain", "d", "s")
    assert (row.lost, row.won, row.images) == (2, 1, 4)
    # Pairs of runs of the shallow net differ on images {3}, {1} and {1, 3}.
    assert row.churn == pytest.approx(4 / 3)
    flipped_images = images.flipped(given, "d", "s", NAMES)
    assert [(row.kind, row.image, row.variant) for row in flipped_images] == [
        ("lost", 0, "d"), ("lost", 1, "d"), ("won", 2, "s"),
    ]  # fmt: skip
