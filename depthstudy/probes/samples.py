"""The numbers of single images behind a measurement that is made of their means.

An interval of such a measurement follows from drawing images anew (``stats.Bootstrap``): each draw
has other means, of which the same statistic is taken. Where a number is no mean over images but a
function of all of them together, as an eigenvalue, the numbers of an image are its influence: what
the function would change by, to first order, if the image counted more (Hampel 1974).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np
from jaxtyping import Float64

from depthstudy.data import Split
from depthstudy.probes.measurement import Sample
from depthstudy.probes.probe_input import Examples, ProbeInput


def of_column(groups: tuple[Float64[np.ndarray, "_ _"], ...], column: int) -> Sample:
    """Returns the sample of the mean of one number."""
    return Sample(groups, lambda means: means[:, 0], (column,))


def of_difference(
    groups: tuple[Float64[np.ndarray, "_ _"], ...], column: int, subtracted: int
) -> Sample:
    """Returns the sample of the mean of one number less that of another, which stands before it."""
    return Sample(groups, lambda means: means[:, 1] - means[:, 0], (subtracted, column))


def by_image(
    probe_input: ProbeInput, split: Split, numbers: Callable[[Examples], Sequence[jax.Array]]
) -> Float64[np.ndarray, "n k"]:
    """Returns numbers of each image that a probe looks at, those that fill up batches left out.

    Args:
      probe_input: Says which images of the split.
      split: The split.
      numbers: Returns ``k`` arrays over the images of a batch.
    """
    return np.concatenate(list(_rows(probe_input, split, numbers)))


def _rows(
    probe_input: ProbeInput, split: Split, numbers: Callable[[Examples], Sequence[jax.Array]]
) -> Iterator[Float64[np.ndarray, "_ k"]]:
    for examples in probe_input.batches(split):
        counted = np.asarray(examples.weights) > 0
        columns = [np.asarray(column, np.float64)[counted] for column in numbers(examples)]
        yield np.stack(columns, axis=1)
