"""Accuracy of a linear classifier on the outputs of each layer.

Alain & Bengio 2016 (arXiv 1610.01644): accuracy that stops rising along depth marks layers that
make the classes no more separable. Features are means over the pixels of each channel; the
classifier is ridge regression on the classes, in closed form, learned on the train split and
tested on the test split.
"""

from __future__ import annotations

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Float32, Int

from depthstudy.data import Split
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import NotApplicable, Probe, ProbeInput
from depthstudy.probes.representation import features
from depthstudy.probes.samples import of_column
from depthstudy.records import Metric

_GAIN = 0.01  # accuracy that a layer must add to count as a gain

Labeled = tuple[Float[np.ndarray, "_ C"], Int[np.ndarray, " _"]]


def probe_accuracy(train: Labeled, test: Labeled, *, strength: float = 1.0) -> float:
    """Returns the accuracy on ``test`` of a ridge classifier learned on ``train``.

    Args:
      train: Features and labels; features are standardized by their moments.
      test: The same for other examples.
      strength: Weight of the squared norm of the coefficients.
    """
    return float(np.mean(_are_right(train, test, strength)))


def _are_right(train: Labeled, test: Labeled, strength: float = 1.0) -> Bool[np.ndarray, " n"]:
    """Returns for each example of ``test`` whether such a classifier names its class."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=strength))
    features, labels = test
    return np.asarray(model.fit(*train).predict(features) == labels)


def _measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    probe_input.require_counts()
    train, train_labels = pooled_features(probe_input, probe_input.dataset.train)
    test, test_labels = pooled_features(probe_input, probe_input.dataset.test)
    right = [
        _are_right((pooled, train_labels), (test[layer], test_labels))
        for layer, pooled in train.items()
    ]
    groups = (np.stack(right, axis=1).astype(np.float64),)
    for column, layer in enumerate(train):
        accuracy = float(np.mean(right[column]))
        yield Measurement(layer, "probe_accuracy", accuracy, of_column(groups, column))


def pooled_features(
    probe_input: ProbeInput, split: Split
) -> tuple[dict[str, Float[np.ndarray, "n C"]], Int[np.ndarray, " n"]]:
    """Returns the pooled features of each layer, and the labels, of the examples of a split."""
    parts: dict[str, list[np.ndarray]] = {}
    labels = []
    for examples in probe_input.batches(split):
        counted = np.asarray(examples.weights) > 0
        labels.append(np.asarray(examples.labels)[counted])
        for layer, pooled in features.of(probe_input, examples, _mean_pixel).items():
            parts.setdefault(layer, []).append(np.asarray(pooled, np.float64)[counted])
    whole = {layer: np.concatenate(batches) for layer, batches in parts.items()}
    for layer, pooled in whole.items():
        if not np.isfinite(pooled).all():
            raise NotApplicable(f"outputs of {layer} are not finite")
    return whole, np.concatenate(labels)


def _mean_pixel(x: Float[Array, "B ... C"], weights: Float32[Array, " B"]) -> Float[Array, "B C"]:
    del weights
    return jnp.mean(x.reshape(len(x), -1, x.shape[-1]), axis=1)


LINEAR = Probe(
    title="Classes that can be read off each block",
    description=(
        "test accuracy of a linear classifier on the mean pixel of each layer (Alain & Bengio 2016)"
    ),
    measure=_measure,
    metrics=(
        Metric(
            name="probe_accuracy",
            title="Accuracy of a linear classifier",
            unit="fraction",
            per_layer=True,
            better="higher",
            threshold=_GAIN,
            beyond="more than an earlier layer: the classes have become easier to tell apart",
            description=(
                "how well a simple classifier tells the classes apart by what a layer gives out"
            ),
        ),
    ),
    labels=True,
    images=20,
)
