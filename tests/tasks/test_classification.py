"""Classification against SciPy, scikit-learn and counts by hand."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from sklearn.dummy import DummyClassifier

from depthstudy import tasks
from depthstudy.config import DataConfig
from depthstudy.data import Dataset, array_source, batch_at, from_source
from depthstudy.errors import InputError


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_against_scipy(smoothing: float) -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(7, 5)) * 4, rng.integers(5, size=7)
    log_p = scipy.special.log_softmax(logits, axis=-1)
    target = (1 - smoothing) * np.eye(5)[labels] + smoothing / 5
    task = tasks.Classification(num_classes=5)
    losses = task.loss(jnp.array(logits), jnp.array(labels), smoothing)
    np.testing.assert_allclose(losses, -(target * log_p).sum(-1), rtol=1e-5)


def test_every_example_counts_once() -> None:
    task, labels = tasks.Classification(num_classes=3), jnp.array([1, 2])
    logits = jnp.array([[0.1, 0.2, 0.0], [5.0, -1.0, 4.0]])
    losses, counts = task.loss_terms(logits, labels)
    np.testing.assert_array_equal(losses, task.loss(logits, labels))
    assert (counts.tolist(), task.count_offset) == ([1, 1], 0)


def test_the_largest_logit_is_the_answer() -> None:
    logits = jnp.array([[0.1, 0.2, 0.0], [5.0, -1.0, 4.0], [0.0, 0.0, 1.0]])
    task = tasks.Classification(num_classes=3)
    np.testing.assert_array_equal(task.errors(logits, jnp.array([1, 2, 2])), [0, 1, 0])


def test_the_majority_baseline_is_scikit_learns(digits: Dataset) -> None:
    labels = digits.train.labels
    images = np.zeros((len(labels), 1))
    dummy = DummyClassifier(strategy="most_frequent").fit(images, labels)
    task = tasks.of(digits)
    assert task.majority_error(labels) == pytest.approx(1 - dummy.score(images, labels))
    assert task.chance_error == pytest.approx(0.9)


def test_a_data_set_has_labels_of_its_task(digits: Dataset) -> None:
    labels, task = batch_at(digits, 0, batch_size=4).labels, tasks.of(digits)
    assert (labels.shape[1:], labels.dtype) == (task.label.shape, task.label.dtype)
    assert task.name == "classification"


def test_an_evaluation_has_loss_and_error_of_each_split(digits: Dataset) -> None:
    task = tasks.of(digits)
    assert {metric.name for metric in task.step_metrics} == {"loss", "error"}
    names = {
        f"{split}_{metric}"
        for split in ("train", "validation", "test")
        for metric in ("loss", "error", "balanced_error")
    }
    assert {metric.name for metric in task.split_metrics} == names


def test_tasks_that_are_equal_share_what_is_compiled(digits: Dataset) -> None:
    assert tasks.of(digits) == tasks.Classification(num_classes=10)
    assert hash(tasks.of(digits)) == hash(tasks.Classification(num_classes=10))


def test_a_source_names_its_task() -> None:
    images, labels = np.arange(4 * 9, dtype=np.uint8).reshape(4, 3, 3), np.array([0, 1, 2, 0])
    source = array_source({"train": (images, labels), "test": (images, labels)})
    settings = DataConfig(stream=False, validation=0.0)
    assert tasks.of(from_source(source, settings)) == tasks.Classification(num_classes=3)
    other = dataclasses.replace(source, task="ranking")
    with pytest.raises(
        InputError, match=r"the task 'ranking'; allowed: classification, detection$"
    ):
        tasks.of(from_source(other, settings))
