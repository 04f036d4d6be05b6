"""A split that stays on disk: read, decoded and batched by Grain while the device trains.

A batch is one element of a Grain ``MapDataset`` over step numbers, so workers keep no state and
their number changes nothing but the speed.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import jax
import numpy as np
from absl import flags
from jaxtyping import Int

from depthstudy import runtime
from depthstudy.data.pipeline.split import (
    Batch,
    HostBatch,
    Reader,
    Split,
)

if TYPE_CHECKING:
    import grain

_AHEAD = 2  # batches that wait on the device, and in each worker


class StreamedSplit(Split):
    """A split whose images are read as they are needed."""

    def __init__(self, reader: Reader, workers: int) -> None:
        """Reads through ``reader`` with ``workers`` processes; 0 is threads of this process."""
        super().__init__(reader)
        self._workers = workers

    def read(self, indices: Int[np.ndarray, " B"]) -> HostBatch:
        """Returns the examples at ``indices``, on the host."""
        return self._reader.read_many(indices)

    def gather(
        self, indices: Int[np.ndarray, " B"], *, sharding: jax.sharding.Sharding | None = None
    ) -> Batch:
        """Returns the examples at ``indices``, on the device."""
        return self.read(indices).put(sharding)

    def batches(
        self,
        indices_at: Callable[[int], Int[np.ndarray, " B"]],
        *,
        start: int,
        stop: int,
        sharding: jax.sharding.Sharding | None = None,
    ) -> Iterator[Batch]:
        """Yields ``gather(indices_at(step))``, read some steps ahead.

        Worker processes are spawned: a script that streams with them starts its work under
        ``if __name__ == "__main__"``.
        """
        if start >= stop:
            return
        batches = iter(self._source(indices_at, start, stop))
        waiting: collections.deque[Batch] = collections.deque()
        try:
            for batch in batches:
                waiting.append(batch.put(sharding))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft()
            yield from waiting
        finally:
            batches.close()  # a loop that ends early leaves no processes behind

    def _source(
        self, indices_at: Callable[[int], Int[np.ndarray, " B"]], start: int, stop: int
    ) -> grain.IterDataset[HostBatch]:
        import grain

        threads = 2 if self._workers else min(16, runtime.cores())
        options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=2 * threads)
        read = functools.partial(_read, self._reader, indices_at)
        source = grain.MapDataset.range(start, stop).map(read).to_iter_dataset(options)
        if not self._workers:
            return source
        if not flags.FLAGS.is_parsed():  # Grain asks absl's flags, which only a script parses
            flags.FLAGS.mark_as_parsed()
        workers = min(self._workers, stop - start)
        return source.mp_prefetch(
            grain.MultiprocessingOptions(workers, per_worker_buffer_size=_AHEAD)
        )


def _read(
    reader: Reader, indices_at: Callable[[int], Int[np.ndarray, " B"]], step: int
) -> HostBatch:
    return reader.read(indices_at(int(step)))
