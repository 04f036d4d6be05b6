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

HSIC is a mean over pairs of examples. To first order it changes with the weight of an example as
twice what the pairs with this one sum to (Hampel 1974), so those sums say how sure CKA is.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Int

_BUDGET = 2**29  # bytes of features that are kept
KEPT = 2**25  # numbers of examples and pairs of layers that are kept, 256 MiB
_LEAST_GROUPS = 32  # of examples, where they are more
_LEAST = 4  # examples from which on there is an unbiased estimate
_ROUNDING = 1e-6  # share of the biased estimate below which the unbiased one is rounding
_CONSTANT = 1e-6  # variation, as a share of the largest feature, below which float32 sees none

Layers = list[Float[Array, "B _"]]


class Batch(NamedTuple):
    """Features of each layer for the same examples, with the weight, 0 or 1, of each example."""

    layers: Layers
    weights: Float32[Array, " B"]


class Alignment(NamedTuple):
    """CKA of all pairs of layers, and what it owes to single examples.

    Attributes:
      matrix: The CKA of each pair.
      influence: For each example, or few of them together where pairs are many, numbers whose mean
        is HSIC, for each pair of ``np.triu_indices``.
    """

    matrix: Float[np.ndarray, "L L"]
    influence: Float64[np.ndarray, "groups pairs"]


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
    """Returns the debiased CKA of every pair of layers, at most 1; see ``align``."""
    return align(stream, budget=budget).matrix


def align(stream: Callable[[], Iterator[Batch]], *, budget: int = _BUDGET) -> Alignment:
    """Returns the debiased CKA of every pair of layers, at most 1, and what examples add to it.

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
    sums = _Sums(len(center.means), center.examples, center.batches)
    start, capacity = 0, 1
    while start < center.batches:
        kept: list[Layers] = []
        for place, batch in enumerate(itertools.islice(stream(), start, None), start):
            right = _centered(batch, center.means, jnp.asarray(center.sizes))
            capacity = max(1, budget // (4 * width * len(batch.weights)))
            for other, left in enumerate(kept, start):
                sums.add(other, place, left, right)
            if len(kept) < capacity:
                kept.append(right)
                sums.add_square(place, right, batch.weights)
        start += capacity
    products, terms = sums.biased(), sums.debiased()
    hsic = terms.sum(axis=0)
    influence = 2 * len(terms) * terms - hsic
    return Alignment(_cosines(products, sums.symmetric(hsic), center), influence)


class _Sums:
    """Sums over pairs of examples for each pair of layers, by the group of the one example."""

    def __init__(self, layers: int, examples: int, batches: int) -> None:
        self._upper = np.triu_indices(layers)
        self._layers, self._examples = layers, examples
        most = max(_LEAST_GROUPS, KEPT // len(self._upper[0]))
        self._size = -(-examples // most)  # examples of a group
        self._rows: list[Any] = [0.0] * batches
        self._squares: list[Any] = [0.0] * batches
        self._counts: list[Any] = [0.0] * batches

    def add(self, first: int, second: int, left: Layers, right: Layers) -> None:
        """Adds the pairs of two batches, to the examples of both."""
        for place, rows in zip((first, second), _rows(left, right, self._size), strict=True):
            self._rows[place] += self._flat(rows)

    def add_square(self, place: int, layers: Layers, weights: Float32[Array, " B"]) -> None:
        """Adds the pairs of a batch with itself."""
        rows, _ = _rows(layers, layers, self._size)
        self._rows[place] += self._flat(rows)
        self._squares[place] = np.asarray(_squares(layers), np.float64)
        self._counts[place] = np.add.reduceat(
            np.asarray(weights, np.float64), self._starts(len(weights))
        )

    def biased(self) -> Float[np.ndarray, "L L"]:
        """Returns the biased estimate of HSIC of all pairs, up to the factor of the other."""
        return self.symmetric(np.concatenate(self._rows).sum(axis=0))

    def debiased(self) -> Float64[np.ndarray, "groups pairs"]:
        """Returns the parts of HSIC, up to one factor, that groups of examples add."""
        n = self._examples
        traces = np.sum([squares.sum(axis=1) for squares in self._squares], axis=0)
        both = np.outer(traces, traces)[self._upper] / ((n - 1) * (n - 2))
        counts = np.concatenate(self._counts)
        diagonal = np.concatenate([self._of_diagonal(squares) for squares in self._squares])
        terms = np.concatenate(self._rows) - n / (n - 2) * diagonal
        return (terms + counts[:, None] / n * both)[counts > 0]

    def symmetric(self, upper: Float64[np.ndarray, " pairs"]) -> Float64[np.ndarray, "L L"]:
        """Returns a number of each pair of layers as a matrix."""
        matrix = np.zeros((self._layers, self._layers))
        matrix[self._upper] = upper
        return matrix + np.triu(matrix, 1).T

    def _of_diagonal(self, squares: Float64[np.ndarray, "L B"]) -> Float64[np.ndarray, "g pairs"]:
        parts = np.split(squares, self._starts(squares.shape[1])[1:], axis=1)
        return np.stack([(part @ part.T)[self._upper] for part in parts])

    def _starts(self, examples: int) -> Int[np.ndarray, " g"]:
        return np.arange(0, examples, self._size)

    def _flat(self, rows: Float[Array, "g L L"]) -> Float64[np.ndarray, "g pairs"]:
        return np.asarray(rows)[:, *self._upper].astype(np.float64)


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


@functools.partial(jax.jit, static_argnames="size")
def _rows(
    left: Layers, right: Layers, size: int
) -> tuple[Float[Array, "g L L"], Float[Array, "h L L"]]:
    """Returns the inner products, over one tile, of the Gram matrices of all pairs of layers.

    They are summed over groups of ``size`` rows of the tile, and of as many columns.
    """
    tile = jnp.stack([jnp.matmul(x, y.T) for x, y in zip(left, right, strict=True)])

    def grouped(layers: Float[Array, "L B C"]) -> Float[Array, "g L L"]:
        products = jnp.einsum("lbc,mbc->blm", layers, layers)
        return jnp.add.reduceat(products, np.arange(0, len(products), size), axis=0)

    return grouped(tile), grouped(tile.swapaxes(1, 2))


@jax.jit
def _squares(layers: Layers) -> Float[Array, "L B"]:
    """Returns the diagonals of the Gram matrices."""
    return jnp.stack([jnp.sum(x * x, axis=1) for x in layers])


def _cosines(
    products: Float[np.ndarray, "L L"], hsic: Float[np.ndarray, "L L"], center: Center
) -> Float[np.ndarray, "L L"]:
    self_hsic = np.diag(hsic)
    constant = np.sqrt(np.diag(products)) <= center.examples * _CONSTANT**2
    constant |= self_hsic <= _ROUNDING * np.diag(products)
    inverse = np.where(constant, 0, 1 / np.sqrt(np.where(constant, 1, self_hsic)))
    return np.minimum(hsic * np.outer(inverse, inverse), 1)
