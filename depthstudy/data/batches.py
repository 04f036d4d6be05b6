"""Batches of a data set: endless and shuffled to train on, once and in order to evaluate on."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import jax
import numpy as np
from jaxtyping import Array, Float32, Int

from depthstudy.data.dataset import Dataset
from depthstudy.data.pipeline import crop
from depthstudy.data.pipeline.order import evenly_spaced, orders_at
from depthstudy.data.pipeline.sharding import put
from depthstudy.data.pipeline.splits.reader import Batch
from depthstudy.data.pipeline.splits.split import Split


def train_batches(
    dataset: Dataset,
    *,
    batch_size: int,
    runs: Sequence[int] = (0,),
    start: int = 0,
    stop: int,
    sharding: jax.sharding.Sharding | None = None,
) -> Iterator[Batch]:
    """Yields the train batches of steps ``start`` to before ``stop``, on the device.

    The batch of a step is the same whatever ``start`` is, and whether the set is in memory or
    streamed; ``order_at`` says which examples it holds.

    >>> from depthstudy import data
    >>> from depthstudy.config import DataConfig
    >>> digits = data.load(DataConfig(name="digits"))
    >>> [batch.images.shape for batch in data.train_batches(digits, batch_size=64, stop=2)]
    [(64, 8, 8, 1), (64, 8, 8, 1)]

    Args:
      dataset: The set, with the seed of its order.
      batch_size: Images in a batch.
      runs: Seeds of runs, each with an order of its own; a batch holds theirs one after the other.
      start: First step.
      stop: The step before which it ends.
      sharding: How the batch axis is laid over devices; ``None`` is the default device.
    """
    indices_at = _train_order(dataset, batch_size, runs)
    draws_at = _train_crops(dataset, batch_size, runs)
    return dataset.train.batches(
        indices_at, start=start, stop=stop, sharding=sharding, draws_at=draws_at
    )


def batch_at(dataset: Dataset, step: int, *, batch_size: int, run: int = 0) -> Batch:
    """Returns the train batch of one step, the same that ``train_batches`` yields."""
    draws_at = _train_crops(dataset, batch_size, (run,))
    indices = _train_order(dataset, batch_size, (run,))(step)
    return dataset.train.gather(indices, draws=None if draws_at is None else draws_at(step))


def _train_crops(
    dataset: Dataset, batch_size: int, runs: Sequence[int]
) -> functools.partial[crop.Draws] | None:
    """Returns what draws the crops of a step, of a split that crops where it decodes."""
    if not dataset.train.crops:
        return None
    return functools.partial(crop.draws_at, dataset.seed, tuple(runs), batch_size)


def _train_order(
    dataset: Dataset, batch_size: int, runs: Sequence[int]
) -> functools.partial[Int[np.ndarray, " n"]]:
    return functools.partial(
        orders_at,
        seed=dataset.seed,
        count=len(dataset.train),
        batch_size=batch_size,
        runs=tuple(runs),
    )


def eval_batches(
    split: Split,
    *,
    batch_size: int,
    limit: int | None = None,
    sharding: jax.sharding.Sharding | None = None,
) -> Iterator[tuple[Batch, Float32[Array, " B"]]]:
    """Yields every example once, in batches of one size, with the weight of each image.

    The last batch is filled up with images whose weight is 0; all other weights are 1.

    Args:
      split: The split to evaluate on.
      batch_size: Images in a batch.
      limit: Evaluates this many examples, at equal distances in the split; ``None`` is all.
      sharding: How the batch axis is laid over devices; ``None`` is the default device.
    """
    chosen = evenly_spaced(len(split), limit)
    steps = -(-len(chosen) // batch_size)
    padded = np.resize(chosen, (steps, batch_size))
    weights = np.arange(steps * batch_size).reshape(steps, batch_size) < len(chosen)
    batches = split.batches(functools.partial(_row, padded), start=0, stop=steps, sharding=sharding)
    for step, batch in enumerate(batches):
        yield batch, put(weights[step].astype(np.float32), sharding)


def _row(rows: Int[np.ndarray, "steps B"], step: int) -> Int[np.ndarray, " B"]:
    return rows[step]
