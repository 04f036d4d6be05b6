"""Moments of a layer's outputs, gathered batch by batch, and the directions in which they vary.

Channels are the variables and every pixel of every example is one observation. Only moments are
kept, each batch centered by its own mean, and they are put together in float64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64

# Of the largest singular value; what is below is rounding, which entropy would count.
ROUNDING = 1e-6


class Moments(NamedTuple):
    """Count, mean, scatter and range of a layer's outputs, as arrays of JAX or NumPy.

    Attributes:
      total: Number of observations.
      mean: Mean of each channel, ``[C]``.
      scatter: Sum of the outer products of the centered observations, ``[C, C]``.
      lowest: Smallest output of each channel, ``[C]``.
      highest: Largest output of each channel, ``[C]``.
    """

    total: Any
    mean: Any
    scatter: Any
    lowest: Any
    highest: Any

    @property
    def is_silent(self) -> Any:
        """Whether each channel gives out nothing but zeros, ``[C]``."""
        return (self.lowest == 0) & (self.highest == 0)


class Directions(NamedTuple):
    """Variances of a layer's outputs along principal directions, and these, as columns."""

    variances: Float64[np.ndarray, " C"]
    axes: Float64[np.ndarray, "C C"]


def moments(x: Float[Array, "B ... C"], weights: Float32[Array, " B"]) -> Moments:
    """Returns the moments of a batch, without the images whose weight is 0."""
    rows = x.reshape(len(x), -1, x.shape[-1])
    weight = weights[:, None, None]
    count = jnp.sum(weights) * rows.shape[1]
    mean = jnp.sum(rows * weight, axis=(0, 1)) / count
    centered = (rows - mean) * weight
    scatter = jnp.einsum("bpc,bpd->cd", centered, centered)
    lowest = jnp.min(jnp.where(weight > 0, rows, jnp.inf), (0, 1))
    highest = jnp.max(jnp.where(weight > 0, rows, -jnp.inf), (0, 1))
    return Moments(count, mean, scatter, lowest, highest)


def combined(first: Moments, second: Moments) -> Moments:
    """Returns the moments of two sets of observations together (Chan et al. 1979)."""
    count = first.total + second.total
    shift = second.mean - first.mean
    return Moments(
        count,
        first.mean + shift * (second.total / count),
        first.scatter
        + second.scatter
        + np.outer(shift, shift) * (first.total * second.total / count),
        np.minimum(first.lowest, second.lowest),
        np.maximum(first.highest, second.highest),
    )


def spread_along(
    x: Float[Array, "B ... C"],
    weights: Float32[Array, " B"],
    mean: Float[Array, " C"],
    axes: Float[Array, "C C"],
) -> Float[Array, "B C"]:
    """Returns the mean square along each axis of each image's pixels; weights change nothing."""
    del weights
    rows = x.reshape(len(x), -1, x.shape[-1]) - mean
    return jnp.mean(jnp.matmul(rows, axes) ** 2, axis=1)


def principal_variances(observed: Moments) -> Float[np.ndarray, " C"]:
    """Returns the eigenvalues of the covariance, with 0 for what is rounding."""
    return principal_directions(observed).variances


def principal_directions(observed: Moments) -> Directions:
    """Returns the eigenvalues of the covariance, with 0 for what is rounding, and their vectors."""
    values, axes = np.linalg.eigh(observed.scatter / observed.total)
    # A constant layer's variance is what float32 makes of its mean.
    floor = max(ROUNDING * values[-1], (ROUNDING * np.max(np.abs(observed.mean))) ** 2)
    return Directions(np.where(values > floor, values, 0), axes)
