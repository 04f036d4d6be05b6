"""Gradients of a batch in parts, which are gone through one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from depthstudy.data import Batch


class Part(NamedTuple):
    """What a part of a batch gives beside its gradients: means over it, and moved statistics."""

    loss: Float[Array, ""]
    error: Float[Array, ""]
    batch_stats: Any


Gradients = Callable[[Any, Any, Batch, jax.Array], tuple[Any, Part]]


def accumulated(
    gradients_of: Gradients,
    params: Any,
    batch_stats: Any,
    batch: Batch,
    key: jax.Array,
    *,
    parts: int,
    unroll: bool,
) -> tuple[Any, Part]:
    """Returns the mean gradients of a batch's parts, means of what else they give, and statistics.

    Running statistics move at each part. Part ``i`` of ``k`` has every ``k``-th example from ``i``
    on, so that a batch that is split over devices stays where it is.

    Args:
      gradients_of: From parameters, running statistics, a part and its key to gradients.
      params: The parameters.
      batch_stats: The running statistics before.
      batch: The batch.
      key: What each part's key is folded from; of a single part it is the key itself.
      parts: How many; they divide the batch.
      unroll: Whether there is no loop: a CPU is slow at convolutions in one.
    """
    if parts == 1:
        return gradients_of(params, batch_stats, batch, key)
    pieces = jax.tree.map(lambda x: jnp.moveaxis(x.reshape(-1, parts, *x.shape[1:]), 1, 0), batch)
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(parts))

    def add(carry: tuple[Any, Any], piece: tuple[Batch, jax.Array]) -> tuple[tuple[Any, Any], None]:
        statistics, total = carry
        gradients, given = gradients_of(params, statistics, *piece)
        more = gradients, given.loss, given.error
        return (given.batch_stats, jax.tree.map(jnp.add, total, more)), None

    zero = jax.tree.map(jnp.zeros_like, (params, jnp.float32(0), jnp.float32(0)))
    (batch_stats, total), _ = jax.lax.scan(
        add, (batch_stats, zero), (pieces, keys), unroll=parts if unroll else 1
    )
    gradients, loss, error = jax.tree.map(lambda x: x / parts, total)
    return gradients, Part(loss, error, batch_stats)
