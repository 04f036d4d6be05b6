"""Which example comes when: the step number is the whole state of the data.

Every epoch is a fresh permutation, drawn from the seed of the set, that of the run and the epoch
alone, so a run that starts at step 1,000 sees what it would have seen had it run from step 0.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
from jaxtyping import Int, Int32

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
    return orders_at(step, seed=seed, count=count, batch_size=batch_size, runs=(run,))


def orders_at(
    step: int, *, seed: int, count: int, batch_size: int, runs: tuple[int, ...]
) -> Int[np.ndarray, " n"]:
    """Returns the examples of the batches of several runs at a step, one run after the other.

    >>> orders_at(0, seed=0, count=5, batch_size=3, runs=(0, 1)).shape
    (6,)

    Args:
      step: Number of the step, from 0.
      seed: Seed of the order.
      count: Examples in an epoch.
      batch_size: Examples of each run in a step.
      runs: Seeds of the runs.
    """
    epochs, positions = np.divmod(np.arange(step * batch_size, (step + 1) * batch_size), count)
    parts = [
        (_permutations(seed, runs, count, epoch), positions[epochs == epoch])
        for epoch in range(int(epochs[0]), int(epochs[-1]) + 1)
    ]
    return np.concatenate([of_runs[run][part] for run in runs for of_runs, part in parts])


@functools.lru_cache(maxsize=2)  # the epoch of the runs that are trained at once, and the next one
def _permutations(
    seed: int, runs: tuple[int, ...], count: int, epoch: int
) -> Mapping[int, Int32[np.ndarray, " count"]]:
    """Returns the order of an epoch by run: together, so that any number of runs stays cached."""
    return {run: _permutation(seed, run, count, epoch) for run in runs}


def _permutation(seed: int, run: int, count: int, epoch: int) -> Int32[np.ndarray, " count"]:
    permutation = generator(seed, ORDER, run, epoch).permutation(count)
    return permutation.astype(np.int32)  # half the memory, which many runs of a large set need


def evenly_spaced(count: int, limit: int | None) -> Int[np.ndarray, " n"]:
    """Returns ``limit`` of ``count`` positions at equal distances, or all where that is fewer."""
    n = count if limit is None else min(limit, count)
    return np.arange(n) * count // n
