"""Similarity of the layers of nets by linear CKA (Kornblith et al. 2019, arXiv 1905.00414).

Features are all pixels and channels of a layer, examples are of the train split, where a set has
most of them. The estimate is debiased, as ``alignment`` says, so that it does not rise where images
are few; below 20 images chance has too much of a say. A layer that is constant is like none.

Nguyen et al. 2020 (arXiv 2010.15327): nets that are too large for their task show a block
structure, long runs of layers that are all alike. ``block_share`` is the longest such run over the
number of layers, ``far_cka`` the mean CKA of layers that are at least half the net apart.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Int

from depthstudy.probes.measurement import Measurement, Sample
from depthstudy.probes.probe_input import NotApplicable, Probe, ProbeInput, full_float32
from depthstudy.probes.representation import alignment, features
from depthstudy.records import Metric

ALIKE = 0.9  # layers of one block are at least so alike
_IMAGES = 20  # from which on the error of chance, of unrelated layers, is under 0.1
_MANY = 0.5  # share of layers in one block from which on a net stands out


def cka(probe_input: ProbeInput) -> tuple[list[str], Float[np.ndarray, "L L"]]:
    """Returns the layers of a net and the CKA of every pair.

    Raises:
      NotApplicable: No layer matches, or outputs are not finite.
    """
    (names,), aligned = _cka([probe_input])
    return names, aligned.matrix


def cka_between(
    first: ProbeInput, second: ProbeInput
) -> tuple[list[str], list[str], Float[np.ndarray, "L M"]]:
    """Returns the layers of both nets and the CKA of every pair, over ``first``'s examples.

    Each net gets the images normalized as it learned them.

    Raises:
      NotApplicable: The nets take images of different shapes, or as for ``cka``.
    """
    (rows, columns), aligned = _between(first, second)
    return rows, columns, aligned.matrix[: len(rows), len(rows) :]


def largest_block(matrix: Float[np.ndarray, "L L"], threshold: float = ALIKE) -> int:
    """Returns the length of the longest run of layers that are all pairwise alike."""
    return int(_largest_blocks(matrix[None], threshold)[0])


def _largest_blocks(
    matrices: Float[np.ndarray, "n L L"], threshold: float = ALIKE
) -> Int[np.ndarray, " n"]:
    """Returns the same for each of several matrices."""
    start = longest = np.zeros(len(matrices), int)  # of the run that ends at a layer
    for stop in range(matrices.shape[1]):
        unlike = matrices[:, : stop + 1, stop] < threshold
        after = (stop + 1) - np.argmax(unlike[:, ::-1], axis=1)  # behind the last that is unlike
        start = np.where(unlike.any(axis=1), np.maximum(start, after), start)
        longest = np.maximum(longest, stop + 1 - start)
    return longest


def far_cka(matrix: Float[np.ndarray, "L L"]) -> float:
    """Returns the mean CKA of layers that are at least half the net apart."""
    return float(_far_ckas(matrix[None])[0])


def _far_ckas(matrices: Float[np.ndarray, "n L L"]) -> Float[np.ndarray, " n"]:
    index = np.arange(matrices.shape[1])
    far = np.abs(index[:, None] - index) >= len(index) / 2
    return np.mean(matrices[:, far], axis=1)


def measure_between(first: ProbeInput, second: ProbeInput) -> Iterator[Measurement]:
    """Yields the CKA of every layer of one net with every layer of another, as ``"A ~ B"``."""
    (rows, columns), aligned = _between(first, second)
    groups = (aligned.influence,)
    for (i, row), (j, column) in itertools.product(enumerate(rows), enumerate(columns, len(rows))):
        sample = _of_pair(groups, aligned.matrix, i, j)
        yield Measurement(f"{row} ~ {column}", "cross_cka", float(aligned.matrix[i, j]), sample)


def _measure(probe_input: ProbeInput) -> Iterator[Measurement]:
    (names,), aligned = _cka([probe_input])
    matrix, groups = aligned.matrix, (aligned.influence,)
    if len(names) < 2:
        raise NotApplicable(f"only one layer, {names[0]}, is looked at")
    for i, j in itertools.combinations(range(len(names)), 2):
        sample = _of_pair(groups, matrix, i, j)
        yield Measurement(f"{names[i]} ~ {names[j]}", "cka", float(matrix[i, j]), sample)
    whole: dict[str, Numbers] = {
        "block_share": lambda matrices: _largest_blocks(matrices) / len(names),
        "far_cka": _far_ckas,
    }
    for metric, number in whole.items():
        value = float(number(matrix[None])[0])
        sample = Sample(groups, functools.partial(_of_matrices, matrix, number))
        yield Measurement("", metric, value, sample)


Numbers = Callable[[Float[np.ndarray, "n L L"]], Float[np.ndarray, " n"]]


def _of_pair(
    groups: tuple[Float64[np.ndarray, "_ pairs"]], matrix: Float[np.ndarray, "L L"], i: int, j: int
) -> Sample | None:
    """Returns the sample of the CKA of two layers; ``None`` where one of them is constant."""
    if not (matrix[i, i] and matrix[j, j]):
        return None
    place = functools.partial(_place, len(matrix))
    return Sample(groups, _cosine, (place(i, j), place(i, i), place(j, j)))


def _place(layers: int, i: int, j: int) -> int:
    """Returns the place of a pair, ``i`` at most ``j``, in ``np.triu_indices``."""
    return i * layers - i * (i - 1) // 2 + j - i


def _cosine(means: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    both, first, second = means.T
    size = np.sqrt(np.maximum(first, 0) * np.maximum(second, 0))
    return np.minimum(np.divide(both, size, out=np.full_like(both, np.nan), where=size > 0), 1)


def _of_matrices(
    matrix: Float[np.ndarray, "L L"], number: Numbers, means: Float64[np.ndarray, "n pairs"]
) -> Float64[np.ndarray, " n"]:
    """Returns a number of the CKA of all pairs for draws of images."""
    upper = np.triu_indices(len(matrix))
    drawn = np.zeros((len(means), *matrix.shape))
    drawn[:, *upper] = drawn[:, *upper[::-1]] = means
    self_hsic = np.maximum(np.diagonal(drawn, axis1=1, axis2=2), 0)
    inverse = np.divide(1, np.sqrt(self_hsic), out=np.zeros_like(self_hsic), where=self_hsic > 0)
    inverse[:, np.diag(matrix) == 0] = 0
    drawn *= inverse[:, :, None] * inverse[:, None, :]
    return number(np.minimum(drawn, 1))


def _between(first: ProbeInput, second: ProbeInput) -> tuple[list[list[str]], alignment.Alignment]:
    shapes = first.dataset.image_shape, second.dataset.image_shape
    if shapes[0] != shapes[1]:
        raise NotApplicable(f"the nets see images of different shapes: {shapes[0]}, {shapes[1]}")
    with full_float32():
        return _cka([first, second])


def _cka(inputs: Sequence[ProbeInput]) -> tuple[list[list[str]], alignment.Alignment]:
    """Returns the layers of each net, and the CKA of all layers of all nets."""

    def stream() -> Iterator[alignment.Batch]:
        for of_nets, weights in _features(inputs):
            yield alignment.Batch([x for layers in of_nets for x in layers.values()], weights)

    of_nets, _ = next(_features(inputs))
    names = [list(layers) for layers in of_nets]
    aligned = alignment.align(stream)
    for name, value in zip(itertools.chain(*names), np.diag(aligned.matrix), strict=True):
        if np.isnan(value):
            raise NotApplicable(f"outputs of {name} are not finite")
    return names, aligned


def _features(
    inputs: Sequence[ProbeInput],
) -> Iterator[tuple[list[dict[str, Float[Array, "B _"]]], Float32[Array, " B"]]]:
    """Yields the features of the layers of each net, for each batch of the first one's images."""
    first = inputs[0]
    for examples in first.batches(first.dataset.train):
        images = [renormalized(examples.images, first, probe_input) for probe_input in inputs]
        yield (
            [
                features.of(probe_input, examples._replace(images=seen), flatten)
                for probe_input, seen in zip(inputs, images, strict=True)
            ],
            examples.weights,
        )


def renormalized(
    images: Float[Array, "B H W C"], first: ProbeInput, second: ProbeInput
) -> Float[Array, "B H W C"]:
    """Returns images that the first net's data set has normalized, as the second's does it."""
    a, b = first.dataset, second.dataset
    if np.array_equal(a.mean, b.mean) and np.array_equal(a.std, b.std):
        return images
    return (images * a.std + a.mean - b.mean) / b.std


def flatten(x: Float[Array, "B ..."], weights: Float32[Array, " B"]) -> Float[Array, "B _"]:
    """Returns each image's numbers in a row; the weights of images change nothing."""
    del weights
    return x.reshape(len(x), -1)


CKA = Probe(
    title="How alike blocks are",
    description=(
        "how alike the layers are: debiased linear CKA of all pairs, share of layers in the"
        " largest block of alike ones (Kornblith 2019, Song 2012, Nguyen 2020)"
    ),
    measure=_measure,
    images=_IMAGES,
    metrics=(
        Metric(
            name="cka",
            title="CKA",
            per_layer=True,
            threshold=ALIKE,
            beyond="nearly alike",
            description="how alike what two layers give out is: 1 for the same, 0 for unrelated",
        ),
        Metric(
            name="block_share",
            title="Blocks nearly alike in a row",
            unit="fraction",
            better="lower",
            threshold=_MANY,
            beyond="half of the blocks or more are nearly alike in one row",
            description="longest run of layers that are all nearly alike, as a share of the layers",
        ),
        Metric(
            name="far_cka",
            title="CKA of blocks far apart",
            description="mean CKA of layers that are at least half the net apart",
        ),
    ),
)
# What ``measure_between`` yields.
CROSS_METRICS = (
    Metric(
        name="cross_cka",
        title="CKA between nets",
        per_layer=True,
        threshold=ALIKE,
        beyond="nearly alike",
        description="how alike a layer of one net is to a layer of another: 1 for the same, 0 for "
        "unrelated",
    ),
)
