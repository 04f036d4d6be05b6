"""What a side of the bench gives for a work: a function that does it so many times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from depthstudy import runtime

Run = Callable[[int], float]  # does the work so many times, and returns seconds

_READ_AHEAD = 2  # batches that either side has ready of each core's worker
_WAITING = 6  # and more than either has on their way to the device


def timed(function: Callable[[], Any], wait: Callable[[Any], Any] = lambda _: None) -> Run:
    """Returns a function that calls this one so many times, and returns seconds.

    Args:
      function: What is timed.
      wait: Given what the last call returned, waits until all that was asked for is there.
    """

    def run(times: int) -> float:
        result = None
        start = time.perf_counter()
        for _ in range(times):
            result = function()
        wait(result)
        return time.perf_counter() - start

    return run


def taking_images(batches: Iterator[Any], size: int) -> Run:
    """Returns a function that takes so many times 1,000 images from an endless row of batches.

    What was read ahead while nothing was timed is taken before, and more to set off.
    """

    def run(times: int) -> float:
        for _ in range(_READ_AHEAD * runtime.cores() + _WAITING):
            next(batches)
        count = round(times * 1_000 / size)
        start = time.perf_counter()
        for _ in range(count):
            next(batches)
        return (time.perf_counter() - start) * times * 1_000 / (count * size)

    return run
