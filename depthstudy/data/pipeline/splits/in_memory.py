"""A split that lives on the device: decoded once, put there once, gathered there at every step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import jax
import numpy as np
from jaxtyping import Int, Int32

from depthstudy.data.pipeline.crop import Draws
from depthstudy.data.pipeline.splits.reader import Batch, HostBatch, Labels, ObjectReader, Reader
from depthstudy.data.pipeline.splits.split import Split


class InMemorySplit(Split):
    """All images of a split in memory."""

    def __init__(self, reader: Reader) -> None:
        """Decodes every example of ``reader``."""
        super().__init__(reader)
        self._host = reader.read_many(np.arange(len(reader)))
        self._placed: dict[jax.sharding.Sharding | None, Batch] = {}

    @property
    def labels(self) -> Labels:
        """The labels that are trained on."""
        return self._host.labels

    @functools.cached_property
    def true_labels(self) -> Labels:
        """The labels before noise."""
        if isinstance(self._reader, ObjectReader):
            return self.labels
        return (self.labels - self._reader.noise) % np.int32(self._reader.num_classes)

    def read(self, indices: Int[np.ndarray, " B"]) -> HostBatch:
        """Returns the examples at ``indices``, on the host."""
        return HostBatch(self._host.images[indices], self._host.labels[indices])

    def whole(self, *, sharding: jax.sharding.Sharding | None = None) -> Batch:
        """Returns the whole split as one batch, a copy on every device of ``sharding``."""
        if isinstance(sharding, jax.sharding.NamedSharding):
            sharding = jax.sharding.NamedSharding(sharding.mesh, jax.sharding.PartitionSpec())
        if sharding not in self._placed:
            self._placed[sharding] = self._host.put(sharding)
        return self._placed[sharding]

    @property
    def knows_labels(self) -> bool:
        """Whether labels are at hand."""
        return True

    def gather(
        self,
        indices: Int[np.ndarray, " B"],
        *,
        sharding: jax.sharding.Sharding | None = None,
        draws: Draws | None = None,
    ) -> Batch:
        """Returns the examples at ``indices``, on the device; crops are made there, too."""
        assert draws is None
        return _take_to(sharding)(self.whole(sharding=sharding), indices.astype(np.int32))

    def batches(
        self,
        indices_at: Callable[[int], Int[np.ndarray, " B"]],
        *,
        start: int,
        stop: int,
        sharding: jax.sharding.Sharding | None = None,
        draws_at: Callable[[int], Draws] | None = None,
    ) -> Iterator[Batch]:
        """Yields ``gather(indices_at(step))``; a gather is too cheap to fetch ahead."""
        assert draws_at is None
        for step in range(start, stop):
            yield self.gather(indices_at(step), sharding=sharding)


@functools.cache
def _take_to(
    sharding: jax.sharding.Sharding | None,
) -> Callable[[Batch, Int32[np.ndarray, " B"]], Batch]:
    """Returns the compiled gather whose result is laid out as ``sharding`` says."""
    return jax.jit(_take, out_shardings=sharding)


def _take(split: Batch, indices: jax.Array) -> Batch:
    return jax.tree.map(lambda x: x.at[indices].get(mode="promise_in_bounds"), split)
