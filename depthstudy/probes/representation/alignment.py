"""Linear centered kernel alignment (CKA) of many sets of features, exactly and in bounded memory.

Kornblith et al. 2019 (arXiv 1905.00414): with centered features X [n, p] and Y [n, q],
CKA = |Y'X|^2 / (|X'X| |Y'Y|), which is the cosine between the Gram matrices XX' and YY'. For deep
nets neither the Gram matrices of all layers nor the cross covariances of all pairs fit in memory.
So a first pass finds the mean features over all examples; then the Gram matrices of the centered
features are made and multiplied tile by tile, a tile for each pair of batches. Batches of features
are kept up to a budget; beyond it they are made again. The result is that of all examples at once,
not a mean over minibatches.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32

_BUDGET = 2**29  # bytes of features that are kept
_CONSTANT = 1e-6  # variation, as a share of the largest feature, below which float32 sees none

Layers = list[Float[Array, "B _"]]


class Batch(NamedTuple):
    """Features of each layer for the same examples, with the weight, 0 or 1, of each example."""

    layers: Layers
    weights: Float32[Array, " B"]


class Center(NamedTuple):
    """Means and sizes of the features, which the first pass over the batches finds.

    Attributes:
      means: Mean features of each layer.
      sizes: Largest feature of each layer, 1 where all are 0, NaN or infinite where not all are
        finite.
      examples: Number of examples whose weight is 1.
      batches: Number of batches.
    """

    means: list[Float[Array, " _"]]
    sizes: Float32[np.ndarray, " L"]
    examples: int
    batches: int


def cka_matrix(
    stream: Callable[[], Iterator[Batch]], *, budget: int = _BUDGET
) -> Float[np.ndarray, "L L"]:
    """Returns the CKA of every pair of layers, in [0, 1].

    A constant layer has 0 with every layer, itself included; one that is not finite has NaN.

    Args:
      stream: Yields the same batches, in the same order, each time it is called.
      budget: Bytes of features to keep; at least one batch is kept.
    """
    center = _center(stream)
    width = sum(mean.size for mean in center.means)
    hsic = np.zeros((len(center.means), len(center.means)))
    start, capacity = 0, 1
    while start < center.batches:
        kept: list[Layers] = []
        for batch in itertools.islice(stream(), start, None):
            right = _centered(batch, center.means, jnp.asarray(center.sizes))
            capacity = max(1, budget // (4 * width * len(batch.weights)))
            if len(kept) < capacity:
                kept.append(right)
            for left in kept:
                times = 1 if left is right else 2  # a tile off the diagonal counts twice
                hsic += times * np.asarray(_tile(left, right), np.float64)
        start += capacity
    return _cosines(hsic, center.examples)


def _center(stream: Callable[[], Iterator[Batch]]) -> Center:
    sums: list[Array] = []
    largest: np.ndarray = np.zeros((), np.float32)
    examples = batches = 0
    for batch in stream():
        more, sizes = _sums(batch)
        sums = [a + b for a, b in zip(sums, more, strict=True)] if sums else more
        largest = np.maximum(largest, sizes)
        examples += int(batch.weights.sum())
        batches += 1
    return Center(
        means=[total / examples for total in sums],
        sizes=np.where(largest == 0, np.float32(1), largest),
        examples=examples,
        batches=batches,
    )


@jax.jit
def _sums(batch: Batch) -> tuple[list[Array], list[Array]]:
    # A product of matrix and weights would not be exact on every device.
    sums = [jnp.sum(x * batch.weights[:, None], axis=0) for x in batch.layers]
    return sums, [jnp.max(jnp.abs(x)) for x in batch.layers]


@jax.jit
def _centered(batch: Batch, means: list[Array], sizes: Float32[Array, " L"]) -> Layers:
    """Centers, and scales so that squares neither overflow nor vanish; weight 0 gives 0."""
    return [
        (x / size - mean / size) * (batch.weights[:, None] / math.sqrt(x.shape[1]))
        for x, mean, size in zip(batch.layers, means, sizes, strict=True)
    ]


@jax.jit
def _tile(left: Layers, right: Layers) -> Float[Array, "L L"]:
    """Returns the inner products, over one tile, of the Gram matrices of all pairs of layers."""
    products = [jnp.matmul(x, y.T, precision="highest") for x, y in zip(left, right, strict=True)]
    tiles = jnp.stack([product.ravel() for product in products])
    return jnp.matmul(tiles, tiles.T, precision="highest")


def _cosines(hsic: Float[np.ndarray, "L L"], examples: int) -> Float[np.ndarray, "L L"]:
    norms = np.sqrt(np.diag(hsic))
    constant = norms <= examples * _CONSTANT**2
    inverse = np.where(constant, 0, 1 / np.where(constant, 1, norms))
    return np.clip(hsic * np.outer(inverse, inverse), 0, 1)
