"""Groups of channels as numbers in arrays: what they are in the variables of a net."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from jaxtyping import Array, Bool, Float

from depthstudy.arch import ArchSpec, ChannelGroup, Place, channel_groups
from depthstudy.arch.layer_types import (
    BatchNorm,
    Conv,
    Dense,
    GroupNorm,
    LayerNorm,
    LayerScale,
)

KeptUnits = Mapping[str, Sequence[bool] | Bool[np.ndarray, " U"] | Bool[Array, " U"]]
Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Slot:
    """One axis of an array that lists channels.

    Attributes:
      collection: ``"params"`` or ``"batch_stats"``.
      path: Names down to the array.
      axis: The axis, counted from the last.
      share: By how many parts of the channels it is shared: a grouped convolution's inputs.
    """

    collection: str
    path: Path
    axis: int
    share: int = 1


def slots(place: Place) -> tuple[Slot, ...]:
    """Returns the axes of arrays in which a place's channels are; a bias may be missing there."""
    path, made = place.path, place.side == "out"
    match place.layer:
        case Conv() | Dense():
            groups = place.layer.groups if isinstance(place.layer, Conv) else 1
            if not made:
                return (Slot("params", (*path, "kernel"), -2, groups),)
            return Slot("params", (*path, "kernel"), -1), Slot("params", (*path, "bias"), -1)
        case LayerScale():
            return (Slot("params", (*path, "scale"), -1),)
        case GroupNorm() | LayerNorm():
            return Slot("params", (*path, "scale"), -1), Slot("params", (*path, "bias"), -1)
        case BatchNorm():
            return (
                Slot("params", (*path, "scale"), -1),
                Slot("params", (*path, "bias"), -1),
                Slot("batch_stats", (*path, "mean"), -1),
                Slot("batch_stats", (*path, "var"), -1),
            )
    return ()


def channel_masks(spec: ArchSpec, params: Any, keep: KeptUnits) -> Any:
    """Returns masks in the form of ``params``: false for all that belongs to units that go.

    Args:
      spec: The architecture.
      params: Its parameters; only their shapes are read.
      keep: By name of a group, which of its units stay; others stay whole.

    Returns:
      Boolean arrays; a scalar ``True`` where an array holds no channels of a group. They are JAX's
      where ``keep`` is, and otherwise NumPy's, which compiles nothing.
    """
    flat = traverse_util.flatten_dict(params)
    lines: dict[Path, Any] = {path: np.ones((), bool) for path in flat}
    for group in channel_groups(spec):
        for slot, units in _owners(group):
            if slot.collection != "params" or slot.path not in flat:
                continue
            stays = keep.get(group.name, np.ones(len(group.units), bool))
            if not isinstance(stays, jax.Array):
                stays = np.asarray(stays, bool)
            across = [1] * flat[slot.path].ndim
            across[slot.axis] = len(units)
            mask = stays[units] | (units < 0)
            lines[slot.path] = lines[slot.path] & mask.reshape(across)
    masks = {path: _filled(line, flat[path].shape) for path, line in lines.items()}
    return traverse_util.unflatten_dict(masks)


def kept_units(spec: ArchSpec, masks: Any) -> dict[str, Any]:
    """Returns which units a tree of ``channel_masks`` keeps, as arrays by name of the group."""
    flat = traverse_util.flatten_dict(masks)
    kept = {}
    for group in channel_groups(spec):
        slot, units = next(
            (slot, units) for slot, units in _owners(group) if slot.path[-1] == "kernel"
        )
        mask = flat[slot.path]
        rest = tuple(axis for axis in range(mask.ndim) if axis != mask.ndim + slot.axis)
        stays = mask.any(axis=rest)
        first = np.array([int(np.argmax(units == unit)) for unit in range(len(group.units))])
        kept[group.name] = stays[first]
    return kept


def unit_means(
    spec: ArchSpec, params: Any, leaf: str, layers: tuple[type, ...]
) -> dict[str, Float[Array, " U"] | None]:
    """Returns the mean magnitude of each unit's numbers, or ``None`` for a group with none.

    Args:
      spec: The architecture.
      params: Its parameters.
      leaf: Which numbers count: those of arrays with this name,
      layers: of layers of these types that make the units.
    """
    flat = traverse_util.flatten_dict(params)
    means: dict[str, Float[Array, " U"] | None] = {}
    for group in channel_groups(spec):
        total, count = jnp.zeros(len(group.units)), np.zeros(len(group.units))
        for slot, units in _owners(group, layers):
            if slot.path not in flat or slot.path[-1] != leaf or slot.collection != "params":
                continue
            lines = jnp.moveaxis(flat[slot.path], slot.axis, 0).reshape(len(units), -1)
            inside = np.flatnonzero(units >= 0)
            sums = jnp.sum(jnp.abs(lines[inside].astype(jnp.float32)), axis=1)
            total = total.at[units[inside]].add(sums)
            np.add.at(count, units[inside], lines.shape[1])
        means[group.name] = total / count if count.all() else None
    return means


def _filled(line: Any, shape: tuple[int, ...]) -> Any:
    """Returns a mask of an array, or a scalar as it is."""
    if not line.ndim:
        return line
    return (jnp if isinstance(line, jax.Array) else np).broadcast_to(line, shape)


def _owners(
    group: ChannelGroup, makers: tuple[type, ...] | None = None
) -> Iterator[tuple[Slot, np.ndarray]]:
    """Yields axes of arrays, and which unit each of their entries is in, -1 for none.

    Args:
      group: The group.
      makers: Types of the layers whose outputs count; ``None`` is every place.
    """
    for number, place in enumerate(group.places):
        if makers is not None and not (place.side == "out" and isinstance(place.layer, makers)):
            continue
        for slot in slots(place):
            size = place.channels // slot.share
            units = np.full(size, -1)
            for unit, indices in enumerate(group.units):
                units[np.array(indices[number]) % size] = unit
            yield slot, units
