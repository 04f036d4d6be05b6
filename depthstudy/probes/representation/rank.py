"""Saturation and ranks: how much of their width layers use.

Saturation (Richter et al. 2021, arXiv 2106.12307): the share of eigendirections that hold 99% of
the variance of a layer's output; where it falls to a low tail, layers only pass on what they get.
Effective rank (Roy & Vetterli 2007): exponential of the entropy of the singular values, normalized
to sum 1. Stable rank: squared Frobenius norm over squared spectral norm.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from jaxtyping import Float, Float64

from depthstudy.probes.measurement import Measurement, Sample
from depthstudy.probes.probe_input import NotApplicable, Probe, ProbeInput
from depthstudy.probes.representation import features
from depthstudy.probes.representation.moments import (
    ROUNDING,
    Directions,
    Moments,
    combined,
    moments,
    principal_directions,
    spread_along,
)
from depthstudy.records import Metric

_VARIANCE = 0.99  # share that saturation counts directions for
_WASTED = 0.1  # share of filters that never fire from which on a net stands out


def saturation(variances: Float[np.ndarray, " C"]) -> float:
    """Returns the share of directions that hold 99% of the variance; 0 where nothing varies.

    Args:
      variances: Eigenvalues of a covariance, in any order.
    """
    cumulative = np.cumsum(np.sort(variances)[::-1])
    if cumulative[-1] <= 0:
        return 0.0
    return (int(np.sum(cumulative < _VARIANCE * cumulative[-1])) + 1) / len(variances)


def effective_rank(singular: Float[np.ndarray, " r"]) -> float:
    """Returns exp(entropy) of singular values normalized to sum 1; 0 if all are 0."""
    kept = singular[singular > ROUNDING * np.max(singular)]
    if kept.size == 0:
        return 0.0
    shares = kept / np.sum(kept)
    return float(np.exp(-np.sum(shares * np.log(shares))))


def stable_rank(singular: Float[np.ndarray, " r"]) -> float:
    """Returns the squared Frobenius norm over the squared spectral norm; 0 if all are 0."""
    largest = np.max(singular)
    return float(np.sum((singular / largest) ** 2)) if largest > 0 else 0.0


def singular_values(kernel: Float[np.ndarray, "... C F"]) -> Float[np.ndarray, " r"]:
    """Returns the singular values of a kernel as a matrix of inputs by filters."""
    matrix = np.asarray(kernel, np.float64).reshape(-1, kernel.shape[-1])
    return np.linalg.svd(matrix, compute_uv=False)


def _measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    directions = {}
    observed = _streamed(probe_input)
    for layer, parts in observed.items():
        if not all(np.isfinite(part).all() for part in parts):
            raise NotApplicable(f"outputs of {layer} are not finite")
        directions[layer] = principal_directions(parts)
    spread = _spread(probe_input, observed, directions)
    for layer, (variances, _) in directions.items():
        groups = (spread[layer] * (variances > 0),)
        for metric, number in _OF_VARIANCES.items():
            sample = Sample(groups, functools.partial(_drawn, number))
            yield Measurement(layer, metric, number(variances), sample)
        yield Measurement(layer, "dead_share", float(np.mean(observed[layer].is_silent)))
    yield from _of_weights(probe_input)


def _drawn(
    number: Callable[[Float[np.ndarray, " C"]], float], means: Float[np.ndarray, "draws C"]
) -> Float[np.ndarray, " draws"]:
    return np.array([number(variances) for variances in means])


def _spread(
    probe_input: ProbeInput, observed: Mapping[str, Moments], directions: Mapping[str, Directions]
) -> dict[str, Float64[np.ndarray, "n C"]]:
    """Returns how far each image spreads along the principal directions of each layer.

    The mean over images is the variance along them. To first order that is how variances change
    with the weight of an image, as the directions themselves are where they are greatest.
    """
    given = {
        layer: (jnp.asarray(observed[layer].mean, jnp.float32), jnp.asarray(axes, jnp.float32))
        for layer, (_, axes) in directions.items()
    }
    parts: dict[str, list[np.ndarray]] = {layer: [] for layer in directions}
    for examples in probe_input.batches(probe_input.dataset.train):
        counted = np.asarray(examples.weights) > 0
        for layer, spread in features.of(probe_input, examples, spread_along, given).items():
            parts[layer].append(np.asarray(spread, np.float64)[counted])
    return {layer: np.concatenate(rows) for layer, rows in parts.items()}


def _streamed(probe_input: ProbeInput) -> dict[str, Moments]:
    total: dict[str, Moments] = {}
    for examples in probe_input.batches(probe_input.dataset.train):
        batch_moments = features.of(probe_input, examples, moments)
        exact = {
            layer: Moments(*(np.asarray(part, np.float64) for part in parts))
            for layer, parts in jax.device_get(batch_moments).items()
        }
        total = {
            layer: combined(total[layer], exact[layer]) if total else exact[layer]
            for layer in exact
        }
    return total


def _of_weights(probe_input: ProbeInput) -> Iterator[Measurement]:
    flat = traverse_util.flatten_dict(probe_input.variables["params"], sep="/")
    for layer in probe_input.in_order(
        name.removesuffix("/kernel") for name in flat if name.endswith("/kernel")
    ):
        kernel = np.asarray(flat[f"{layer}/kernel"])
        if not np.isfinite(kernel).all():
            raise NotApplicable(f"weights of {layer} are not finite")
        singular = singular_values(kernel)
        yield Measurement(layer, "weight_effective_rank", effective_rank(singular))
        yield Measurement(layer, "weight_stable_rank", stable_rank(singular))


def _effective_rank(variances: Float[np.ndarray, " C"]) -> float:
    return effective_rank(np.sqrt(variances))


def _stable_rank(variances: Float[np.ndarray, " C"]) -> float:
    return stable_rank(np.sqrt(variances))


_OF_VARIANCES: Mapping[str, Callable[[Float[np.ndarray, " C"]], float]] = {
    "saturation": saturation,
    "effective_rank": _effective_rank,
    "stable_rank": _stable_rank,
}
RANK = Probe(
    images=16,
    title="Width in use",
    description=(
        "how much of its width a layer uses: saturation (Richter 2021), effective and stable rank"
        " of outputs and weights (Roy & Vetterli 2007), filters that never fire"
    ),
    measure=_measure,
    metrics=(
        Metric(
            name="saturation",
            title="Saturation: share of directions in use",
            unit="fraction",
            per_layer=True,
            description="share of the directions of a layer's output that hold 99% of its variance",
        ),
        Metric(
            name="effective_rank",
            title="Effective rank: directions in use",
            unit="count",
            per_layer=True,
            description="how many directions a layer's output uses, by the entropy of its spectrum",
        ),
        Metric(
            name="stable_rank",
            title="Stable rank of outputs",
            unit="count",
            per_layer=True,
            description="variance of a layer's output over that of its strongest direction",
        ),
        Metric(
            name="dead_share",
            title="Filters that never fire",
            unit="fraction",
            per_layer=True,
            better="lower",
            threshold=_WASTED,
            beyond="as a mean over the layers: much of the width is wasted",
            description="share of a layer's filters that give out nothing, whatever the image",
        ),
        Metric(
            name="weight_effective_rank",
            title="Effective rank of weights",
            unit="count",
            per_layer=True,
            description="how many directions a kernel uses, by the entropy of its spectrum",
        ),
        Metric(
            name="weight_stable_rank",
            title="Stable rank of weights",
            unit="count",
            per_layer=True,
            description="squared Frobenius norm of a kernel over its squared spectral norm",
        ),
    ),
)
