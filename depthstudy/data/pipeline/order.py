"""Which example comes when: the step number is the whole state of the data.

Every epoch is a fresh permutation, drawn from the seed of the set, that of the run and the epoch
alone, so a run that starts at step 1,000 sees what it would have seen had it run from step 0.
"""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Int

SUBSET, NOISE, ORDER, VALIDATION, PREPARE, CROP = range(6)  # named streams of random numbers


def generator(seed: int, stream: int, *position: int) -> np.random.Generator:
    """Returns the random numbers of one named stream, at a position in it."""
    return np.random.default_rng((seed, stream, *position))


def order_at(
    step: int, *, seed: int, count: int, batch_size: int, run: int = 0
) -> Int[np.ndarray, " batch_size"]:
    """Returns the examples of the batch at a step.

    Slot ``i`` of the batch is number ``s = step * batch_size + i`` of an endless row of examples,
    which is one permutation of all examples after the other: a batch may straddle two epochs, and
    each epoch holds every example exactly once.

    Args:
      step: Number of the step, from 0.
      seed: Seed of the order.
      count: Examples in an epoch.
      batch_size: Examples in a step.
      run: Seed of the run, whose order is its own.
    """
    epochs, positions = np.divmod(np.arange(step * batch_size, (step + 1) * batch_size), count)
    first, last = int(epochs[0]), int(epochs[-1])
    if first == last:
        return _permutation(seed, run, count, first)[positions]
    rows = np.stack([_permutation(seed, run, count, epoch) for epoch in range(first, last + 1)])
    return rows[epochs - first, positions]


@functools.lru_cache(maxsize=32)  # an epoch or two of each run that is trained at once
def _permutation(seed: int, run: int, count: int, epoch: int) -> Int[np.ndarray, " count"]:
    permutation = generator(seed, ORDER, run, epoch).permutation(count)
    permutation.flags.writeable = False  # the cache hands the same array out again
    return permutation


def evenly_spaced(count: int, limit: int | None) -> Int[np.ndarray, " n"]:
    """Returns ``limit`` of ``count`` positions at equal distances, or all where that is fewer."""
    n = count if limit is None else min(limit, count)
    return np.arange(n) * count // n
