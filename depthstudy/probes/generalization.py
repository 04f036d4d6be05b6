"""Degradation, overfitting and memorization, distinguished by what a net gets wrong and where.

A deep net that has the larger error on the *train* set is degraded, that is badly optimized (He et
al. 2015, arXiv 1512.03385); one that is perfect on it and worse on the test set overfits. Where
labels are noisy, a net can be right about a wrong label only by memorizing it (Zhang et al. 2017,
arXiv 1611.03530). Everything is measured in eval mode, without augmentation.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Array, Float, Float64, Int

from depthstudy import nets, tasks
from depthstudy.data import Split, normalize
from depthstudy.data.pipeline.order import evenly_spaced
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import Examples, NotApplicable, Probe, ProbeInput
from depthstudy.probes.samples import by_image, of_column, of_difference
from depthstudy.records import Metric

_DEGRADED = 0.05  # train error from which on a net does not fit its train set
_OVERFITTED = 0.05  # gap from which on it does worse on new images


def measure_generalization(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields error and loss (nats) on both splits, and test minus train of either.

    Raises:
      NotApplicable: An error is no share of images, or the net is not finite.
    """
    probe_input.require_counts()
    probe_input.require_finite()
    splits = (probe_input.dataset.train, probe_input.dataset.test)
    groups = tuple(errors_and_losses(probe_input, split) for split in splits)
    means = np.concatenate([group.mean(axis=0) for group in groups])
    for column, metric in enumerate(("train_error", "train_loss", "test_error", "test_loss")):
        sample = of_column(groups, column)
        yield Measurement("", metric, float(means[column]), sample)
    for train, metric in enumerate(("gap", "loss_gap")):
        sample = of_difference(groups, train + 2, train)
        yield Measurement("", metric, float(means[train + 2] - means[train]), sample)


def measure_memorization(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields how often a net repeats, and how often it corrects, wrong labels of the train split.

    ``memorized_share`` is the share for which it says the wrong label that it was given,
    ``recovered_share`` the share for which it says the true one all the same.

    Raises:
      NotApplicable: No train label is wrong, or the net is not finite.
    """
    probe_input.require_counts()
    probe_input.require_finite()
    train = probe_input.dataset.train
    wrong = np.flatnonzero(train.labels != train.true_labels)
    wrong = wrong[evenly_spaced(len(wrong), probe_input.examples)]
    if not len(wrong):
        raise NotApplicable("no train label is wrong; set data.label_noise")
    predicted = predictions(probe_input, train, wrong)
    shares = [predicted == train.labels[wrong], predicted == train.true_labels[wrong]]
    groups = (np.stack(shares, axis=1).astype(np.float64),)
    for column, metric in enumerate(("memorized_share", "recovered_share")):
        value = float(np.mean(shares[column]))
        yield Measurement("", metric, value, of_column(groups, column))


def errors_and_losses(probe_input: ProbeInput, split: Split) -> Float64[np.ndarray, "n 2"]:
    """Returns the error and the loss of each example of a split."""

    def numbers(batch: Examples) -> tuple[Array, Array]:
        return _numbers(probe_input.network, probe_input.task, probe_input.variables, batch)

    return by_image(probe_input, split, numbers)


def predictions(
    probe_input: ProbeInput, split: Split, indices: Int[np.ndarray, " n"]
) -> Int[np.ndarray, " n"]:
    """Returns the classes that the net predicts for examples of a split."""
    batches = []
    for start in range(0, len(indices), probe_input.batch_size):
        rows = np.resize(indices[start : start + probe_input.batch_size], probe_input.batch_size)
        images = normalize(
            split.gather(rows).images, probe_input.dataset.mean, probe_input.dataset.std
        )
        logits = _logits(probe_input.network, probe_input.variables, images)
        batches.append(np.argmax(logits, axis=-1))
    return np.concatenate(batches)[: len(indices)]


@functools.partial(jax.jit, static_argnums=0)
def _logits(
    network: nets.Net, variables: nets.Variables, images: Float[Array, "B H W C"]
) -> Float[Array, "B K"]:
    return network.apply(variables, images)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _numbers(
    network: nets.Net, task: tasks.LearningTask, variables: nets.Variables, batch: Examples
) -> tuple[Float[Array, " B"], Float[Array, " B"]]:
    """Returns the error and the loss of each example of a batch."""
    outputs = network.apply(variables, batch.images)
    return task.errors(outputs, batch.labels), task.loss(outputs, batch.labels)


GENERALIZATION = Probe(
    title="Errors",
    description="error and loss on the train and the test split, and the gap (He et al. 2015)",
    measure=measure_generalization,
    metrics=(
        Metric(
            name="train_error",
            title="Train error",
            unit="fraction",
            better="lower",
            threshold=_DEGRADED,
            beyond="the net does not fit its train set",
            description="share of train images that are wrong",
        ),
        Metric(
            name="test_error",
            title="Test error",
            unit="fraction",
            better="lower",
            description="share of new images that are wrong",
        ),
        Metric(
            name="gap",
            title="Gap",
            unit="points",
            better="lower",
            threshold=_OVERFITTED,
            beyond="the net does worse on new images",
            description="test error less train error",
        ),
        Metric(
            name="train_loss",
            title="Train loss",
            unit="nats",
            scale="log",
            better="lower",
            description="mean cross-entropy in nats",
        ),
        Metric(
            name="test_loss",
            title="Test loss",
            unit="nats",
            scale="log",
            better="lower",
            description="the same on new images",
        ),
        Metric(
            name="loss_gap",
            title="Gap of the losses",
            unit="nats",
            better="lower",
            description="test loss less train loss",
        ),
    ),
    labels=True,
    logits=2,
    images=20,
)
MEMORIZATION = Probe(
    title="Wrong labels",
    description="share of the wrong train labels that the net has memorized (Zhang et al. 2017)",
    measure=measure_memorization,
    metrics=(
        Metric(
            name="memorized_share",
            title="Memorized",
            unit="fraction",
            better="lower",
            description="share of wrong train labels that the net repeats",
        ),
        Metric(
            name="recovered_share",
            title="Recovered",
            unit="fraction",
            better="higher",
            description="share of them where it says the truth",
        ),
    ),
    labels=True,
    logits=2,
    images=20,
)
