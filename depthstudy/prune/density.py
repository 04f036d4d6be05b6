"""What pruning left, as numbers for records."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from flax import traverse_util

from depthstudy.arch import ArchSpec, cost


class Measurement(NamedTuple):
    """One number. ``layer`` is a path such as ``"stage1/block02/conv1"``, ``""`` the whole net."""

    layer: str
    metric: str
    value: float


def densities(masks: Any) -> list[Measurement]:
    """Returns ``"density"``: the share of numbers that stays, of each layer that can be pruned.

    Args:
      masks: Boolean arrays; scalars are exempt parameters and not counted.

    Returns:
      Layer by layer, and last ``"sparsity"`` of the whole net: the share that is gone.
    """
    kept: dict[str, list[int]] = {}
    for path, mask in traverse_util.flatten_dict(masks).items():
        if np.ndim(mask):
            found = kept.setdefault("/".join(path[:-1]), [0, 0])
            found[0] += int(np.sum(mask))
            found[1] += np.size(mask)
    total = sum(size for _, size in kept.values())
    left = sum(count for count, _ in kept.values())
    layers = [Measurement(layer, "density", count / size) for layer, (count, size) in kept.items()]
    return [*layers, Measurement("", "sparsity", (total - left) / total if total else 0.0)]


def zero_share(params: Any) -> Measurement:
    """Returns the share of all parameters, exempt ones included, that are exactly zero."""
    leaves = traverse_util.flatten_dict(params).values()
    zeros = sum(int(np.sum(np.asarray(leaf) == 0)) for leaf in leaves)
    return Measurement("", "zero_share", zeros / sum(np.size(leaf) for leaf in leaves))


def promises(
    spec: ArchSpec, smaller: ArchSpec, image_shape: tuple[int, int, int]
) -> list[Measurement]:
    """Returns which share of the parameters and multiply-accumulates a smaller net has left.

    This is what shrinking promises; what it gives has to be measured.
    """
    before, after = cost(spec, image_shape), cost(smaller, image_shape)
    return [
        Measurement("", "parameters_left", after.parameters / before.parameters),
        Measurement("", "macs_left", after.macs / before.macs),
    ]
