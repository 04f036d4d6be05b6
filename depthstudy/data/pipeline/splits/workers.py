"""Batches that are read ahead of the training, by threads of this process or by other processes.

A batch is a function of its step, so who reads it changes nothing but the speed. Processes write
images into blocks of shared memory that this process makes and uses again and again. A block has no
name, so that it is gone with the last process that holds it, however that ends.

The processes take no signals, which a terminal and a scheduler send to all processes of a study:
the one that trains saves its step, and needs batches until it does. They end when it closes its end
of the pipe, or is gone.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.resource_tracker
import multiprocessing.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from depthstudy import interruption, runtime
from depthstudy.data.pipeline.crop import Draws
from depthstudy.data.pipeline.splits.reader import HostBatch, Reader
from depthstudy.errors import FailedError

_BLOCKS = 2  # batches that a process may be ahead

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
      FailedError: A process was killed.
      InterruptedByUserError: So it was, and this one was asked to end.
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
        multiprocessing.resource_tracker.ensure_running()  # its start would let signals through
        with interruption.withheld():
            process.start()
            # Whoever closes nothing still ends this before multiprocessing waits for its processes.
            self.close = multiprocessing.util.Finalize(
                self, _end, (process, self._pipe), exitpriority=0
            )
        child_end.close()

    def receive(self) -> HostBatch:
        """Returns the next batch, copied out of its block, which is free then."""
        with _told_if_killed():
            answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        batch = HostBatch(self._blocks[self._turn].copy(), answer)
        self._turn = (self._turn + 1) % _BLOCKS
        with _told_if_killed():
            self._pipe.send(None)
        return batch


@contextlib.contextmanager
def _told_if_killed() -> Iterator[None]:
    """Says in one line that the process at the other end of a pipe is gone."""
    try:
        yield
    except (EOFError, ConnectionError) as error:
        interruption.check()
        raise FailedError(
            "a process that decodes images was killed, perhaps for want of memory; take fewer with"
            " --config.data.workers, and the same command goes on"
        ) from error


def _end(process: Any, pipe: Any) -> None:
    """Ends a process at once: it writes nothing that lasts."""
    pipe.close()
    process.kill()
    process.join()
    process.close()


def _serve(
    pipe: Any, read: StepReader, steps: range, shape: tuple[int, ...], blocks: list[Any]
) -> None:
    """Reads steps into blocks in turn, each when the process that asks has copied it out."""
    outs = [np.frombuffer(block, np.uint8).reshape(shape) for block in blocks]
    with contextlib.suppress(EOFError, ConnectionError):  # it wants no more
        for turn, step in enumerate(steps):
            if turn >= _BLOCKS:
                pipe.recv()
            answer: Any
            try:
                answer = read(step, outs[turn % _BLOCKS]).labels
            except Exception as error:
                answer = error
            pipe.send(answer)
        while True:  # until the process that asks has copied the last
            pipe.recv()
