"""Singular values of the Jacobian from image to logits: dynamical isometry.

Signals pass a deep net in both directions undistorted if these are all alike (and near 1): Saxe et
al. 2014 (arXiv 1312.6120), Pennington et al. 2017 (arXiv 1711.04735), Xiao et al. 2018 (arXiv
1806.05393). A row of the Jacobian is one vector-Jacobian product, and its singular values are
those of the small matrix ``J J^T``, so nothing larger than ``J`` of one image is ever in memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from depthstudy import nets
from depthstudy.probes.calibration import states
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import (
    NotApplicable,
    Probe,
    ProbeInput,
)
from depthstudy.probes.samples import of_column
from depthstudy.probes.times import BEFORE_AND_AFTER, at_each_time
from depthstudy.records import Metric

_ROWS = 160  # of all images together
_MOST_IMAGES = 16
_CHUNK = 10  # rows in one product
_COLUMNS = 2**16  # of a Jacobian that are float64 at a time


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields the numbers of ``summary``, averaged over a few train images, in eval mode.

    Where the initial variables are known, also of those, under names that end in ``_initial``.

    Raises:
      NotApplicable: The Jacobian is 0 or not finite.
    """
    probe_input.require_logits()
    count = int(np.clip(_ROWS // probe_input.network.num_classes, 1, _MOST_IMAGES))
    batch = next(probe_input.batches(probe_input.dataset.train))
    images = batch.images[np.flatnonzero(np.asarray(batch.weights))[:count]]
    measure_at = functools.partial(_measure_at, probe_input.network, images)
    yield from at_each_time(states(probe_input), measure_at)


def _measure_at(
    network: nets.Net, images: Float[Array, "N H W C"], suffix: str, variables: nets.Variables
) -> Iterator[Measurement]:
    rows = functools.partial(_products, network, variables, images)
    spectra = map(singular_values, jacobians(rows, network.num_classes))
    summaries = [summary(values) for values in spectra if values[0] > 0]
    if not summaries:
        raise NotApplicable("the Jacobian is 0")
    groups = (np.array([list(numbers.values()) for numbers in summaries]),)
    for column, metric in enumerate(summaries[0]):
        mean = float(np.mean(groups[0][:, column]))
        yield Measurement("", f"{metric}{suffix}", mean, of_column(groups, column))


def summary(values: Float[np.ndarray, " n"]) -> dict[str, float]:
    """Returns the numbers of a spectrum that say how far it is from isometry.

    ``isometry_distance`` is the mean of ``(s / mean(s) - 1)**2``: 0 if all directions pass alike,
    whatever the scale; the scale is ``singular_value_mean``. ``log10_condition`` is the logarithm
    of largest over smallest, the smallest being at least what float32 resolves.

    Args:
      values: Singular values, the largest first and above 0.
    """
    least = max(values[-1], values[0] * np.finfo(np.float32).eps)
    return {
        "singular_value_mean": float(values.mean()),
        "singular_value_max": float(values[0]),
        "singular_value_min": float(values[-1]),
        "log10_condition": float(np.log10(values[0] / least)),
        "isometry_distance": float(np.mean((values / values.mean() - 1) ** 2)),
    }


def singular_values(jacobian: Float[np.ndarray, "K pixels"]) -> Float[np.ndarray, " n"]:
    """Returns the singular values, the largest first.

    The Gram matrix is summed in float64: squaring a float32 Jacobian's condition loses nothing.

    Raises:
      NotApplicable: The Jacobian is not finite.
    """
    if not np.all(np.isfinite(jacobian)):
        raise NotApplicable("the Jacobian is not finite")
    K, pixels = jacobian.shape
    gram = np.zeros((K, K))
    for start in range(0, pixels, _COLUMNS):
        part = jacobian[:, start : start + _COLUMNS].astype(np.float64)
        gram += part @ part.T
    eigenvalues = np.linalg.eigvalsh(gram)[::-1][: min(K, pixels)]
    return np.sqrt(np.maximum(eigenvalues, 0))


def jacobians(
    rows: Callable[[Float[Array, "n K"]], Float[Array, "n N pixels"]], outputs: int
) -> Float[np.ndarray, "N K pixels"]:
    """Returns the Jacobian at each image, gathered a few rows at a time.

    Args:
      rows: Multiplies directions of the output with each image's Jacobian, as ``products`` does.
      outputs: Their number, K.
    """
    chunks = -(-outputs // _CHUNK)
    directions = jnp.eye(chunks * _CHUNK, outputs).reshape(chunks, _CHUNK, outputs)
    return np.concatenate([np.asarray(rows(chunk)) for chunk in directions])[:outputs].swapaxes(
        0, 1
    )


@functools.partial(jax.jit, static_argnums=0)
def _products(
    network: nets.Net,
    variables: nets.Variables,
    images: Float[Array, "N H W C"],
    directions: Float[Array, "n K"],
) -> Float[Array, "n N pixels"]:
    return products(lambda x: network.apply(variables, x), images, directions)


def products(
    function: Callable[[Float[Array, "N H W C"]], Float[Array, "N K"]],
    images: Float[Array, "N H W C"],
    directions: Float[Array, "n K"],
) -> Float[Array, "n N pixels"]:
    """Returns ``directions @ J`` for the Jacobian of a function of one image, at each image."""
    outputs, pull = jax.vjp(function, images)

    def product(direction: Float[Array, " K"]) -> Float[Array, "N pixels"]:
        (gradient,) = pull(jnp.broadcast_to(direction, outputs.shape))
        return gradient.reshape(len(images), -1)

    return jax.vmap(product)(directions)


ISOMETRY = Probe(
    title="Isometry: what the net does to small changes of an image",
    description=(
        "singular values of the image-to-logits Jacobian, and isometry (Pennington 2017, Xiao 2018)"
    ),
    measure=measure,
    logits=2,
    images=4,
    metrics=(
        Metric(
            name="singular_value_mean",
            title="Mean singular value",
            scale="log",
            suffixes=BEFORE_AND_AFTER,
            description="how much the net amplifies",
        ),
        Metric(
            name="singular_value_max",
            title="Largest singular value",
            scale="log",
            suffixes=BEFORE_AND_AFTER,
            description="in the direction that passes best",
        ),
        Metric(
            name="singular_value_min",
            title="Least singular value",
            scale="log",
            suffixes=BEFORE_AND_AFTER,
            description="in the direction that passes worst",
        ),
        Metric(
            name="log10_condition",
            title="Condition, powers of ten",
            unit="decades",
            better="lower",
            suffixes=BEFORE_AND_AFTER,
            description="largest over least; 0: all directions pass alike",
        ),
        Metric(
            name="isometry_distance",
            title="Distance from isometry",
            better="lower",
            suffixes=BEFORE_AND_AFTER,
            description="0: all directions pass alike",
        ),
    ),
)
