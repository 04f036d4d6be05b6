"""A split that stays on disk: read, decoded and batched by others while the device trains."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Callable, Iterator

import jax
import numpy as np
from jaxtyping import Int

from depthstudy import runtime
from depthstudy.data.pipeline.crop import Draws
from depthstudy.data.pipeline.sharding import own_rows
from depthstudy.data.pipeline.splits import workers
from depthstudy.data.pipeline.splits.reader import Batch, HostBatch, Reader
from depthstudy.data.pipeline.splits.split import Split

_AHEAD = 2  # batches that wait on the device
_LEAST_CORES = 4  # with fewer, threads of one process are as fast, and start at once
_MOST_WORKERS = 32


class StreamedSplit(Split):
    """A split whose images are read as they are needed."""

    def __init__(self, reader: Reader, workers: int | None, crop_area: float = 1.0) -> None:
        """Reads through ``reader``.

        Args:
          reader: What is read.
          workers: Number of processes that read batches; 0 is threads of this one, ``None`` what
            ``default_workers`` says.
          crop_area: Least share of the area that a random crop of a train image keeps; 1 is none.
            What is read otherwise, as for evaluation, is not cropped.
        """
        super().__init__(dataclasses.replace(reader, crop_area=crop_area))
        self._workers = default_workers() if workers is None else workers

    @property
    def crops(self) -> bool:
        """Whether train batches are cropped at random where their images are decoded."""
        return self._reader.crop_area < 1

    def read(self, indices: Int[np.ndarray, " B"]) -> HostBatch:
        """Returns the examples at ``indices``, on the host."""
        return self._reader.read_many(indices)

    def gather(
        self,
        indices: Int[np.ndarray, " B"],
        *,
        sharding: jax.sharding.Sharding | None = None,
        draws: Draws | None = None,
    ) -> Batch:
        """Returns the examples at ``indices``, in any order, on the device."""
        batch = self.read(indices) if draws is None else self._reader.read(indices, draws)
        return batch.put(sharding)

    def batches(
        self,
        indices_at: Callable[[int], Int[np.ndarray, " B"]],
        *,
        start: int,
        stop: int,
        sharding: jax.sharding.Sharding | None = None,
        draws_at: Callable[[int], Draws] | None = None,
    ) -> Iterator[Batch]:
        """Yields ``gather(indices_at(step))``, read some steps ahead.

        Each of several hosts reads what lies on its devices.

        Worker processes are spawned: a script that streams with them starts its work under
        ``if __name__ == "__main__"``.
        """
        if start >= stop:
            return
        rows = len(indices_at(start))
        host_rows = own_rows(sharding, rows)
        if host_rows != slice(0, rows):
            indices_at = functools.partial(_rows_at, indices_at, host_rows)
            draws_at = (
                None if draws_at is None else functools.partial(_rows_at, draws_at, host_rows)
            )
        read = workers.StepReader(self._reader, indices_at, draws_at)
        batches = (
            workers.by_processes(read, start, stop, self._workers)
            if self._workers
            else workers.by_threads(read, start, stop)
        )
        waiting: collections.deque[Batch] = collections.deque()
        try:
            for batch in batches:
                waiting.append(batch.put_own(sharding, rows))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft()
            yield from waiting
        finally:
            batches.close()  # type: ignore[attr-defined]  # an early end leaves no processes behind


def _rows_at(all_at: Callable[[int], np.ndarray], host_rows: slice, step: int) -> np.ndarray:
    return all_at(step)[host_rows]


def default_workers() -> int:
    """Returns the number of processes that decode where a config does not say: one a core."""
    cores = runtime.cores()
    return min(cores, _MOST_WORKERS) if cores >= _LEAST_CORES else 0
