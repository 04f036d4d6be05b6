"""Linear centered kernel alignment (CKA) of many sets of features, exactly and in bounded memory.

Kornblith et al. 2019 (arXiv 1905.00414): CKA(K, L) = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) for
the Gram matrices K = XX' and L = YY' of features X [n, p] and Y [n, q]. With centered features,
<K, L> is the biased estimate of HSIC: of n examples with many features all layers come out alike,
since each example is like itself. Song et al. 2012 (Feature Selection via Dependence Maximization,
JMLR 13, eq. 4) leave the diagonal out. Where the features are centered over all examples that is

  HSIC = <K, L> - n / (n - 2) k'l + tr(K) tr(L) / ((n - 1) (n - 2)),

k and l being the diagonals, so that it needs no more than the biased one does. It is unbiased, and
may be below 0 where layers have nothing in common.

For deep nets neither the Gram matrices of all layers nor the cross covariances of all pairs fit in
memory. So a first pass finds the mean features over all examples; then the Gram matrices of the
centered features are made and multiplied tile by tile, a tile for each pair of batches. Batches of
features are kept up to a budget; beyond it they are made again. The result is that of all examples
at once, not a mean over minibatches.
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
_LEAST = 4  # examples from which on there is an unbiased estimate
_ROUNDING = 1e-6  # share of the biased estimate below which the unbiased one is rounding
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
    """Returns the debiased CKA of every pair of layers, at most 1.

    A layer that is constant, or whose estimate is not above 0, has 0 with every layer, itself
    included; one that is not finite has NaN.

    Args:
      stream: Yields the same batches, in the same order, each time it is called.
      budget: Bytes of features to keep; at least one batch is kept.

    Raises:
      ValueError: There are fewer than four examples.
    """
    center = _center(stream)
    width = sum(mean.size for mean in center.means)
    if center.examples < _LEAST:
        raise ValueError(f"CKA needs at least {_LEAST} examples, there are {center.examples}")
    products = np.zeros((len(center.means), len(center.means)))
    diagonal, traces = np.zeros_like(products), np.zeros(len(products))
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
                products += times * np.asarray(_tile(left, right), np.float64)
            if right is kept[-1]:  # once for each batch
                squares = np.asarray(_squares(right), np.float64)
                diagonal += squares @ squares.T
                traces += squares.sum(axis=1)
        start += capacity
    return _cosines(products, _debiased(products, diagonal, traces, center.examples), center)


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


@jax.jit
def _squares(layers: Layers) -> Float[Array, "L B"]:
    """Returns the diagonals of the Gram matrices."""
    return jnp.stack([jnp.sum(x * x, axis=1) for x in layers])


def _debiased(
    products: Float[np.ndarray, "L L"],
    diagonal: Float[np.ndarray, "L L"],
    traces: Float[np.ndarray, " L"],
    n: int,
) -> Float[np.ndarray, "L L"]:
    """Returns HSIC of all pairs, up to one factor."""
    both = np.outer(traces, traces) / ((n - 1) * (n - 2))
    return products - n / (n - 2) * diagonal + both


def _cosines(
    products: Float[np.ndarray, "L L"], hsic: Float[np.ndarray, "L L"], center: Center
) -> Float[np.ndarray, "L L"]:
    own = np.diag(hsic)
    constant = np.sqrt(np.diag(products)) <= center.examples * _CONSTANT**2
    constant |= own <= _ROUNDING * np.diag(products)
    inverse = np.where(constant, 0, 1 / np.sqrt(np.where(constant, 1, own)))
    return np.minimum(hsic * np.outer(inverse, inverse), 1)
