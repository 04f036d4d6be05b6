"""Shattered gradients: is the gradient still a smooth function of the input?

Balduzzi et al. 2017 (arXiv 1702.08591): moved along a line of inputs, the gradient of a shallow
net wanders like Brownian motion, that of a deep plain net jumps like white noise, and no optimizer
can follow it; shortcuts slow the decay. Measured is the correlation of input gradients at points
of a line between two images, in eval mode: E[g g'] / sqrt(E[g g] E[g' g']), the mean over the
pixels not being taken off, so that a linear net has the correlation 1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from depthstudy import nets
from depthstudy.probes.calibration import states
from depthstudy.probes.measurement import Measurement, Sample
from depthstudy.probes.probe_input import (
    NotApplicable,
    Probe,
    ProbeInput,
)
from depthstudy.probes.times import BEFORE_AND_AFTER, at_each_time
from depthstudy.records import Metric

_PAIRS = 8
_POINTS = 32  # of a line, both ends included

Pair = tuple[Array, Array, Array]  # two images, and a mixture of the logits


def measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    """Yields how the input gradients along lines of images correlate, also at initialization.

    ``gradient_correlation`` is that of neighbors, 1/31 of the way between two images apart: 0 for
    white noise, close to 1 for Brownian motion, 1 for a linear net. ``correlation_length`` is the
    share of the way after which the correlation is below 1/e (1: never), and ``white_noise_share``
    the share of the gradient's variance that is white noise.

    Raises:
      NotApplicable: There are no two images, the gradient is 0 or not finite, or it is a detector.
    """
    probe_input.require_logits()
    images = _chosen_images(probe_input)
    directions = jax.random.normal(
        probe_input.key(), (len(images) // 2, probe_input.network.num_classes)
    )
    pairs = list(zip(images[::2], images[1::2], directions, strict=True))
    yield from at_each_time(
        states(probe_input), functools.partial(_measure_at, probe_input.network, pairs)
    )


def _measure_at(
    network: nets.Net, pairs: Sequence[Pair], suffix: str, variables: nets.Variables
) -> Iterator[Measurement]:
    lines = [np.asarray(gradients_along(network, variables, *pair), np.float64) for pair in pairs]
    sums = lag_sums(np.stack(lines))
    correlations = _ratios(sums.sum(axis=0))
    groups = (sums.reshape(len(sums), -1),)
    for metric, number in _NUMBERS.items():
        sample = Sample(groups, functools.partial(_drawn, number))
        yield Measurement("", f"{metric}{suffix}", number(correlations), sample)


def _chosen_images(probe_input: ProbeInput) -> Float[Array, "N H W C"]:
    """Returns an even number of train images at random."""
    batch = next(probe_input.batches(probe_input.dataset.train))
    real = np.flatnonzero(np.asarray(batch.weights))
    order = jax.random.permutation(jax.random.fold_in(probe_input.key(), 1), real)
    count = min(2 * _PAIRS, len(real) - len(real) % 2)
    if not count:
        raise NotApplicable("a line needs two images")
    return batch.images[order[:count]]


@functools.partial(jax.jit, static_argnums=0)
def gradients_along(
    network: nets.Net,
    variables: nets.Variables,
    first: Float[Array, "H W C"],
    last: Float[Array, "H W C"],
    direction: Float[Array, " K"],
) -> Float[Array, "points pixels"]:
    """Returns input gradients at points of the line between two images.

    A mixture ``direction`` of the logits is differentiated, so that neither a label nor the
    saturation of softmax comes in.
    """
    share = jnp.linspace(0, 1, _POINTS)[:, None, None, None]

    def mixed(images: Float[Array, "B H W C"]) -> Float[Array, ""]:
        return jnp.sum(network.apply(variables, images) @ direction)

    return jax.grad(mixed)((1 - share) * first + share * last).reshape(_POINTS, -1)


def lag_correlations(
    lines: Float[np.ndarray, "lines points pixels"],
) -> Float[np.ndarray, " points"]:
    """Returns the mean correlation of gradients that are 0, 1, 2, ... points apart.

    Points where the gradient is 0 have no direction and are left out.

    Raises:
      NotApplicable: No two neighbors have a gradient, or one is not finite.
    """
    return _ratios(lag_sums(lines).sum(axis=0))


def lag_sums(
    lines: Float[np.ndarray, "lines points pixels"],
) -> Float[np.ndarray, "lines 2 points"]:
    """Returns for each line the sums of correlations at each distance, and how many there are.

    Raises:
      NotApplicable: As for ``lag_correlations``.
    """
    if not np.all(np.isfinite(lines)):
        raise NotApplicable("gradients are not finite")
    points = lines.shape[1]
    norms = np.linalg.norm(lines, axis=-1, keepdims=True)
    units = lines / np.where(norms > 0, norms, 1)
    alive = (norms > 0).astype(float)
    cosines, counts = units @ units.swapaxes(1, 2), alive @ alive.swapaxes(1, 2)
    sums = np.array([[np.trace(x, lag, 1, 2) for lag in range(points)] for x in (cosines, counts)])
    if not sums[1, 1].any():
        raise NotApplicable("the gradient of the input is 0")
    return sums.transpose(2, 0, 1)


def _ratios(sums: Float[np.ndarray, "*draws 2 points"]) -> Float[np.ndarray, "*draws points"]:
    """Returns mean correlations from their sums and counts; 0 where there are none."""
    total, count = sums[..., 0, :], sums[..., 1, :]
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def _drawn(
    number: Callable[[Float[np.ndarray, " points"]], float], means: Float[np.ndarray, "draws _"]
) -> Float[np.ndarray, " draws"]:
    """Returns a number of the correlations of lines that are drawn anew."""
    correlations = _ratios(means.reshape(len(means), 2, -1))
    return np.array([number(row) for row in correlations])


def correlation_length(correlations: Float[np.ndarray, " points"]) -> float:
    """Returns the share of a line after which the correlation is below 1/e; 1 where it never is."""
    threshold = np.exp(-1)
    below = np.flatnonzero(correlations < threshold)
    if not len(below):
        return 1.0
    lag = below[0]
    above, under = correlations[lag - 1], correlations[lag]
    return float((lag - 1 + (above - threshold) / (above - under)) / (len(correlations) - 1))


def white_noise_share(correlations: Float[np.ndarray, " points"]) -> float:
    """Returns the share of white noise in a signal: what is lost from lag 0 to a lag just above.

    White noise decorrelates at once, everything else with the distance; the value just above 0 is
    that of the line through lags 1 and 2 (the nugget of a variogram).
    """
    return float(1 - np.clip(2 * correlations[1] - correlations[2], 0, 1))


def _of_neighbors(correlations: Float[np.ndarray, " points"]) -> float:
    return float(correlations[1])


_NUMBERS: Mapping[str, Callable[[Float[np.ndarray, " points"]], float]] = {
    "gradient_correlation": _of_neighbors,
    "correlation_length": correlation_length,
    "white_noise_share": white_noise_share,
}
SHATTERING = Probe(
    title="Shattered gradients",
    description="correlation of input gradients along lines between images (Balduzzi et al. 2017)",
    measure=measure,
    logits=1,
    images=4,
    metrics=(
        Metric(
            name="gradient_correlation",
            title="Correlation of neighbors",
            better="higher",
            suffixes=BEFORE_AND_AFTER,
            description="1: the gradient changes smoothly with the image; 0: it jumps like noise",
        ),
        Metric(
            name="correlation_length",
            title="Correlation length",
            better="higher",
            suffixes=BEFORE_AND_AFTER,
            description="share of the way between two images after which gradients are unrelated",
        ),
        Metric(
            name="white_noise_share",
            title="White noise",
            unit="fraction",
            better="lower",
            suffixes=BEFORE_AND_AFTER,
            description="share of the gradient that is noise",
        ),
    ),
)
