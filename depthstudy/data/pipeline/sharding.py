"""How the batches of a net that is trained over several hosts get to the devices of each."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import Sharding


def own_rows(sharding: Sharding | None, rows: int) -> slice:
    """Returns which rows of a batch lie on devices of this host; all where it is alone.

    >>> own_rows(None, 8)
    slice(0, 8, None)
    """
    if sharding is None or sharding.is_fully_addressable:
        return slice(0, rows)
    indices = sharding.addressable_devices_indices_map((rows,)).values()
    parts = [index[0].indices(rows) for index in indices if index is not None]
    starts, stops, _ = zip(*parts, strict=True)
    return slice(min(starts), max(stops))


def put(tree: Any, sharding: Sharding | None) -> Any:
    """Returns arrays on the devices, of a tree of arrays that every host has whole."""
    if sharding is None or sharding.is_fully_addressable:
        return jax.device_put(tree, sharding)

    def put_one(x: Any) -> jax.Array:
        host = np.asarray(x)
        return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

    return jax.tree.map(put_one, tree)


def put_own(tree: Any, sharding: Sharding | None, rows: int) -> Any:
    """Returns the same, of a tree whose arrays are ``own_rows`` of a batch of so many rows."""
    if sharding is None or sharding.is_fully_addressable:
        return jax.device_put(tree, sharding)
    return jax.tree.map(
        lambda x: jax.make_array_from_process_local_data(sharding, x, (rows, *x.shape[1:])), tree
    )
