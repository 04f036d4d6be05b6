"""A split of a data set: labels, and images by position, on the host or on the device.

Two kinds exist, and they give identical batches: ``InMemorySplit`` keeps all images on the device,
``StreamedSplit`` reads them from disk as they are needed.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Iterator

import jax
import numpy as np
from jaxtyping import Int, Int32

from depthstudy.data.pipeline.crop import Draws
from depthstudy.data.pipeline.splits.reader import Batch, HostBatch, Labels, ObjectReader, Reader


class Split(abc.ABC):
    """Examples 0 to ``len(split) - 1``."""

    def __init__(self, reader: Reader) -> None:
        """Serves what ``reader`` reads."""
        self._reader = reader

    def __len__(self) -> int:
        """Returns the number of examples."""
        return len(self._reader)

    @property
    def name(self) -> str:
        """Names of the set and of the split, as the config gives them."""
        return self._reader.name

    @property
    def class_counts(self) -> Int[np.ndarray, " K"]:
        """Number of examples of each class, by the labels that are trained on."""
        return np.bincount(self.strata, minlength=self._reader.num_classes)

    @property
    def strata(self) -> Int32[np.ndarray, " n"]:
        """The classes that are trained on; of images with objects, that of the largest."""
        if isinstance(self._reader, ObjectReader):
            return self._reader.split_labels[self._reader.rows]
        return self.labels

    @property
    def crops(self) -> bool:
        """Whether train batches are cropped at random where their images are decoded."""
        return False

    @property
    def knows_labels(self) -> bool:
        """Whether labels are at hand without reading the split."""
        return self._reader.examples.knows_labels

    @functools.cached_property
    def true_labels(self) -> Labels:
        """The labels before noise. A streamed split reads itself once to know them."""
        if isinstance(self._reader, ObjectReader):
            return self._reader.read_many(np.arange(len(self))).labels
        return self._reader.split_labels[self._reader.rows]

    @property
    def labels(self) -> Labels:
        """The labels that are trained on. A streamed split reads itself once to know them."""
        return self._reader.noisy(self.true_labels, np.arange(len(self)))

    @abc.abstractmethod
    def read(self, indices: Int[np.ndarray, " B"]) -> HostBatch:
        """Returns the examples at ``indices``, in any order, on the host."""

    @abc.abstractmethod
    def gather(
        self,
        indices: Int[np.ndarray, " B"],
        *,
        sharding: jax.sharding.Sharding | None = None,
        draws: Draws | None = None,
    ) -> Batch:
        """Returns the examples at ``indices``, in any order, on the device.

        Args:
          indices: Positions in the split.
          sharding: How the batch axis is laid over devices; ``None`` is the default device.
          draws: Random numbers of a crop of each image, of a split that crops.
        """

    @abc.abstractmethod
    def batches(
        self,
        indices_at: Callable[[int], Int[np.ndarray, " B"]],
        *,
        start: int,
        stop: int,
        sharding: jax.sharding.Sharding | None = None,
        draws_at: Callable[[int], Draws] | None = None,
    ) -> Iterator[Batch]:
        """Yields ``gather(indices_at(step))`` for each step from ``start`` to before ``stop``.

        ``draws_at`` gives the random numbers of the crops of a step, of a split that crops.
        """
