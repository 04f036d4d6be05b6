"""A split that lives on the device: decoded once, put there once, gathered there at every step.

Variants of a study may learn many sets, and all of them stay in memory on the host. On the devices
are only the splits that were put there last.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Int, Int32

from depthstudy.data.pipeline.crop import Draws
from depthstudy.data.pipeline.splits.reader import Batch, HostBatch, Labels, ObjectReader, Reader
from depthstudy.data.pipeline.splits.split import Split

_MOST_PLACED = 3  # splits: those of a set to train on, to choose by and to test on

_last_placed: list[weakref.ref[InMemorySplit]] = []  # of this process, as its devices are shared


class _Placed(NamedTuple):
    """The copy of a split on the devices of a sharding."""

    sharding: jax.sharding.Sharding | None
    batch: Batch


class InMemorySplit(Split):
    """All images of a split in memory."""

    def __init__(self, reader: Reader) -> None:
        """Decodes every example of ``reader``."""
        super().__init__(reader)
        self._host = reader.read_many(np.arange(len(reader)))
        self._placed: _Placed | None = None

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
        """Returns the whole split as one batch, a copy on every device of ``sharding``.

        It stays there until it is asked for by another sharding, or other splits take its place.
        """
        if isinstance(sharding, jax.sharding.NamedSharding):
            sharding = jax.sharding.NamedSharding(sharding.mesh, jax.sharding.PartitionSpec())
        placed = self._placed
        if placed is None or placed.sharding != sharding:
            placed = self._put(sharding)
        return placed.batch

    def release(self) -> None:
        """Gives up the copy on the devices; it is made again when it is asked for."""
        self._placed = None

    def _put(self, sharding: jax.sharding.Sharding | None) -> _Placed:
        self.release()  # before there is a new one, as there may be no room for both
        _make_room(self)
        self._placed = placed = _Placed(sharding, self._host.put(sharding))
        return placed

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


def _make_room(split: InMemorySplit) -> None:
    """Releases splits that were placed before others, so that one more can be placed."""
    placed = [ref() for ref in _last_placed]
    others = [other for other in placed if other is not None and other is not split]
    while len(others) >= _MOST_PLACED:
        others.pop(0).release()
    _last_placed[:] = map(weakref.ref, [*others, split])


@functools.cache
def _take_to(
    sharding: jax.sharding.Sharding | None,
) -> Callable[[Batch, Int32[np.ndarray, " B"]], Batch]:
    """Returns the compiled gather whose result is laid out as ``sharding`` says."""
    return jax.jit(_take, out_shardings=sharding)


def _take(split: Batch, indices: jax.Array) -> Batch:
    return jax.tree.map(lambda x: x.at[indices].get(mode="promise_in_bounds"), split)
