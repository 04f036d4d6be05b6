"""How alike the layers of nets are: linear centred kernel alignment (CKA), exactly.

Kornblith et al. 2019 (arXiv 1905.00414): with centred features X [n, p] and Y [n, q],
CKA = |Y'X|^2 / (|X'X| |Y'Y|), which is the cosine between the Gram matrices XX' and YY'. Features
are all pixels and channels of a layer. Neither the Gram matrices of all layers nor the cross
covariances of all pairs fit in memory for deep nets. So features are centred by their mean over
all examples, from a first pass; then the n x n Gram matrices are made and multiplied tile by tile,
for every pair of batches, running the net again instead of keeping what it gave. Memory is one
tile and two batches of features for every layer, whatever the number of examples, and the result
is that of all examples at once, not a mean over minibatches.

Nguyen et al. 2020 (arXiv 2010.15327): nets that are too large for their task show a block
structure, long runs of layers that are all alike.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32

from depthstudy.probes import features
from depthstudy.probes.subject import Examples, Measurement, NotApplicable, Probe, Subject

ALIKE = 0.9  # layers of one block are more alike than this
_CONSTANT = 1e-6  # variation, as a share of the largest output, below which float32 sees none

Layers = list[Float[Array, "B _"]]


class Centre(NamedTuple):
    """What the first pass finds.

    Attributes:
      names: Paths of the layers of each net.
      means: Mean features of each layer of all nets.
      sizes: Its largest output, 1 where all are 0.
      examples: Number of examples.
      batches: Number of batches.
    """

    names: list[list[str]]
    means: list[Float[Array, " _"]]
    sizes: list[float]
    examples: int
    batches: int


def cka(subject: Subject) -> tuple[list[str], Float[np.ndarray, "L L"]]:
    """Returns the layers of a net and the CKA of every pair, over examples of the train split.

    A constant layer is like none, itself included: 0.

    Raises:
      NotApplicable: No layer matches, or outputs are not finite.
    """
    names, matrix = _cka([subject])
    return names[0], matrix


def cka_between(
    first: Subject, second: Subject
) -> tuple[list[str], list[str], Float[np.ndarray, "L M"]]:
    """Returns the layers of both nets and the CKA of every pair, over ``first``'s examples.

    Each net gets the images normalised as it learned them.

    Raises:
      NotApplicable: The nets take images of different shapes, or as for ``cka``.
    """
    shapes = first.dataset.image_shape, second.dataset.image_shape
    if shapes[0] != shapes[1]:
        raise NotApplicable(f"the nets see images of different shapes: {shapes[0]}, {shapes[1]}")
    (rows, columns), matrix = _cka([first, second])
    return rows, columns, matrix[: len(rows), len(rows) :]


def largest_block(matrix: Float[np.ndarray, "L L"], threshold: float = ALIKE) -> int:
    """Returns the length of the longest run of layers that are all pairwise alike."""
    longest = 0
    for start in range(len(matrix)):
        stop = start
        while stop < len(matrix) and np.all(matrix[start : stop + 1, stop] > threshold):
            stop += 1
        longest = max(longest, stop - start)
    return longest


def far_cka(matrix: Float[np.ndarray, "L L"]) -> float:
    """Returns the mean CKA of layers that are at least half the net apart."""
    index = np.arange(len(matrix))
    far = np.abs(index[:, None] - index) >= len(matrix) / 2
    return float(np.mean(matrix[far]))


def _cka(subjects: Sequence[Subject]) -> tuple[list[list[str]], Float[np.ndarray, "L L"]]:
    centre = _centre(subjects)
    hsic = np.zeros((len(centre.means), len(centre.means)))
    for i in range(centre.batches):
        left: Layers = []
        for examples in itertools.islice(_batches(subjects[0]), i, None):
            _, layers = _layers(subjects, examples)
            right = _centred(layers, centre.means, centre.sizes, examples.weights)
            times = 2 if left else 1  # tiles above the diagonal stand for those below, too
            left = left or right
            hsic += times * np.asarray(_tile(left, right), np.float64)
    return centre.names, _cosines(hsic, centre.examples)


def _batches(subject: Subject) -> Iterator[Examples]:
    return subject.batches(subject.dataset.train)


def _layers(subjects: Sequence[Subject], examples: Examples) -> tuple[list[list[str]], Layers]:
    """Returns names and features of the layers of each net in turn."""
    names: list[list[str]] = []
    layers: Layers = []
    for subject in subjects:
        images = _renormalised(examples.images, subjects[0], subject)
        found = features.of(subject, examples._replace(images=images), _flat)
        names.append(list(found))
        layers += found.values()
    return names, layers


def _renormalised(
    images: Float[Array, "B H W C"], first: Subject, second: Subject
) -> Float[Array, "B H W C"]:
    a, b = first.dataset, second.dataset
    if np.array_equal(a.mean, b.mean) and np.array_equal(a.std, b.std):
        return images
    return (images * a.std + a.mean - b.mean) / b.std


def _flat(x: Float[Array, "B ..."], weights: Float32[Array, " B"]) -> Float[Array, "B _"]:
    del weights
    return x.reshape(len(x), -1)


def _centre(subjects: Sequence[Subject]) -> Centre:
    names: list[list[str]] = []
    sums: list[Array] = []
    largest: np.ndarray | float = 0.0
    examples = batches = 0
    for batch in _batches(subjects[0]):
        names, layers = _layers(subjects, batch)
        found, sizes = _sums(layers, batch.weights)
        sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
        largest = np.maximum(largest, sizes)
        examples += int(batch.weights.sum())
        batches += 1
    for path, size in zip(itertools.chain(*names), np.asarray(largest).tolist(), strict=True):
        if not np.isfinite(size):
            raise NotApplicable(f"outputs of {path} are not finite")
    return Centre(
        names=names,
        means=[total / examples for total in sums],
        sizes=[size or 1.0 for size in np.asarray(largest).tolist()],
        examples=examples,
        batches=batches,
    )


@jax.jit
def _sums(layers: Layers, weights: Float32[Array, " B"]) -> tuple[list[Array], list[Array]]:
    # Products with weights would be a matrix product, which is not exact on every device.
    sums = [jnp.sum(x * weights[:, None], axis=0) for x in layers]
    return sums, [jnp.max(jnp.abs(x)) for x in layers]


@jax.jit
def _centred(
    layers: Layers, means: list[Array], sizes: list[float], weights: Float32[Array, " B"]
) -> Layers:
    """Centres, and divides so that products of rows are at most 4; images of weight 0 become 0."""
    return [
        (x - mean) * (weights[:, None] / (size * math.sqrt(x.shape[1])))
        for x, mean, size in zip(layers, means, sizes, strict=True)
    ]


@jax.jit
def _tile(left: Layers, right: Layers) -> Float[Array, "L L"]:
    """Returns the inner products, over one tile, of the Gram matrices of all pairs of layers."""
    products = [jnp.matmul(x, y.T, precision="highest") for x, y in zip(left, right, strict=True)]
    tiles = jnp.stack([product.ravel() for product in products])
    return jnp.matmul(tiles, tiles.T, precision="highest")


def _cosines(hsic: Float[np.ndarray, "L L"], count: int) -> Float[np.ndarray, "L L"]:
    norms = np.sqrt(np.diag(hsic))
    varies = norms > count * _CONSTANT**2
    scale = np.where(varies, 1 / np.where(varies, norms, 1), 0)
    return np.clip(hsic * np.outer(scale, scale), 0, 1)


def _measure(subject: Subject) -> Iterator[Measurement]:
    names, matrix = cka(subject)
    if len(names) < 2:
        raise NotApplicable(f"only one layer matches {subject.layers!r}")
    for i, j in itertools.combinations(range(len(names)), 2):
        yield Measurement(f"{names[i]} ~ {names[j]}", "cka", float(matrix[i, j]))
    yield Measurement("", "block_share", largest_block(matrix) / len(names))
    yield Measurement("", "far_cka", far_cka(matrix))


def measure_between(first: Subject, second: Subject) -> Iterator[Measurement]:
    """Yields the CKA of every layer of one net with every layer of another."""
    rows, columns, matrix = cka_between(first, second)
    for (i, row), (j, column) in itertools.product(enumerate(rows), enumerate(columns)):
        yield Measurement(f"{row} ~ {column}", "cross_cka", float(matrix[i, j]))


CKA = Probe(
    "How alike the layers are: linear CKA of all pairs, share of layers in the largest block of"
    " alike ones (Kornblith 2019, Nguyen 2020).",
    _measure,
)
