"""The physically smaller net that is left when channels go.

Li et al. 2017, "Pruning Filters for Efficient ConvNets" (arXiv 1608.08710). Only a shrunk net is
faster; a masked one does the same work with zeros.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from flax import traverse_util

from depthstudy.arch import ArchSpec, channel_groups, narrow, remaining
from depthstudy.nets import Variables
from depthstudy.prune.groups import KeptUnits, slots


def shrink(
    spec: ArchSpec, variables: Variables, keep: KeptUnits
) -> tuple[ArchSpec, dict[str, Any]]:
    """Returns the net without the units of channels that do not stay.

    In eval mode its logits are those with parameters times ``channel_masks``, but for the order of
    sums; and but for normalization by groups or pixels, whose statistics are those of the channels
    that stay.

    Args:
      spec: The architecture.
      variables: Its ``params`` and, if it has any, ``batch_stats``.
      keep: By name of a group of ``arch.channel_groups(spec)``, which of its units stay; a group
        that is not named stays whole.

    Returns:
      The smaller architecture, and its variables as NumPy arrays.

    Raises:
      InputError: There is no such group, it has another number of units, or it would lose its last.
    """
    named = {name: tuple(map(bool, np.asarray(units))) for name, units in keep.items()}
    flat = traverse_util.flatten_dict(jax.device_get(dict(variables)), keep_empty_nodes=True)
    for place, indices in remaining(channel_groups(spec), named).items():
        for slot in slots(place):
            path = (slot.collection, *slot.path)
            if path in flat:
                size = place.channels // slot.share
                left = np.array([index for index in indices if index < size])
                flat[path] = np.take(flat[path], left, axis=slot.axis)
    return narrow(spec, named), traverse_util.unflatten_dict(flat)
