"""Batches that are read ahead of the training, by threads of this process or by other processes.

A batch is a function of its step, so who reads it changes nothing but the speed. Processes write
images into blocks of shared memory that this process makes and uses again and again. A block has no
name, so that it is gone with the last process that holds it, however that ends.
"""

from __future__ import annotations

import collections
import concurrent.futures
import multiprocessing
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from depthstudy import runtime
from depthstudy.data.pipeline.crop import Draws
from depthstudy.data.pipeline.splits.reader import HostBatch, Reader

_BLOCKS = 2  # batches that a process may be ahead
_GRACE_SECONDS = 5

IndicesAt = Callable[[int], Int[np.ndarray, " B"]]
DrawsAt = Callable[[int], Draws] | None


class StepReader:
    """Reads the batch of a step; small enough to be sent to another process."""

    def __init__(self, reader: Reader, indices_at: IndicesAt, draws_at: DrawsAt) -> None:
        """Reads through ``reader`` what is of a step."""
        self._reader, self._indices_at, self._draws_at = reader, indices_at, draws_at

    def shape(self, step: int) -> tuple[int, ...]:
        """Returns the shape of the images of a step."""
        return (len(self._indices_at(step)), *self._reader.image_shape)

    def __call__(self, step: int, out: UInt8[np.ndarray, "B H W C"] | None = None) -> HostBatch:
        """Returns the batch of a step, its images in ``out`` where that is given."""
        draws = None if self._draws_at is None else self._draws_at(step)
        return self._reader.read(self._indices_at(step), draws, out)


def by_threads(read: StepReader, start: int, stop: int) -> Iterator[HostBatch]:
    """Yields the batches of steps ``start`` to before ``stop``, read by threads."""
    threads = min(16, runtime.cores())
    pool = concurrent.futures.ThreadPoolExecutor(threads)
    waiting: collections.deque[concurrent.futures.Future[HostBatch]] = collections.deque()
    try:
        for step in range(start, stop):
            waiting.append(pool.submit(read, step))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def by_processes(read: StepReader, start: int, stop: int, workers: int) -> Iterator[HostBatch]:
    """Yields the batches of steps ``start`` to before ``stop``, read by so many processes.

    Raises:
      RuntimeError: A process was killed.
    """
    shape = read.shape(start)
    processes: list[_Process] = []
    try:
        for number in range(min(workers, stop - start)):
            steps = range(start + number, stop, workers)
            processes.append(_Process(read, steps, shape))
        for step in range(start, stop):
            yield processes[(step - start) % workers].receive()
    finally:
        for process in processes:
            process.close()


class _Process:
    """A process that reads every so manieth step, and the blocks that it writes to."""

    def __init__(self, read: StepReader, steps: range, shape: tuple[int, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        blocks = [context.RawArray("B", int(np.prod(shape))) for _ in range(_BLOCKS)]
        self._blocks = [np.frombuffer(block, np.uint8).reshape(shape) for block in blocks]
        self._pipe, child_end = context.Pipe()
        self._turn = 0
        process = context.Process(
            target=_serve, args=(child_end, read, steps, shape, blocks), daemon=True
        )
        process.start()
        child_end.close()
        # A row of batches that nobody closes is closed when modules are gone already: before that.
        self.close = weakref.finalize(self, _end, process, self._pipe)

    def receive(self) -> HostBatch:
        """Returns the next batch, copied out of its block, which is free then."""
        try:
            answer = self._pipe.recv()
        except EOFError as error:
            raise RuntimeError(
                "a process that decodes images was killed, perhaps for want of memory; take fewer"
                " with data.workers"
            ) from error
        if isinstance(answer, Exception):
            raise answer
        batch = HostBatch(self._blocks[self._turn].copy(), answer)
        self._turn = (self._turn + 1) % _BLOCKS
        self._pipe.send(None)
        return batch


def _end(process: Any, pipe: Any) -> None:
    """Ends a process, with patience."""
    pipe.close()
    process.terminate()
    process.join(_GRACE_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def _serve(
    pipe: Any, read: StepReader, steps: range, shape: tuple[int, ...], blocks: list[Any]
) -> None:
    """Reads steps into blocks in turn, each when the process that asks has copied it out."""
    outs = [np.frombuffer(block, np.uint8).reshape(shape) for block in blocks]
    try:
        for turn, step in enumerate(steps):
            if turn >= _BLOCKS:
                pipe.recv()
            pipe.send(read(step, outs[turn % _BLOCKS]).labels)
        while True:  # until the process that asks has copied the last
            pipe.recv()
    except (EOFError, OSError, KeyboardInterrupt):  # it wants no more
        pass
    except Exception as error:
        pipe.send(error)
