"""Weights of the CIFAR-10 code of akamaster, whose shortcuts of kind "A" pad on both sides.

He et al. 2015 say only that channels are padded with zeros. We put the zeros behind the channels,
that code half of them before. With the channels of each later stage in another order the nets are
the same, and no number changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from depthstudy.arch import ArchSpec


def reordered(spec: ArchSpec, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the weights with the channels of the residual stream in our order.

    Args:
      spec: The net; one without shortcuts of kind "A" has nothing to be reordered.
      state: Arrays by that code's names.
    """
    blocks = [block for stage in spec.stages for block in stage]
    if not any(block.residual and block.shortcut == "A" for block in blocks):
        return dict(state)
    orders = _orders(spec)
    weights = dict(state)
    for name, x in state.items():
        parts = name.split(".")
        if name == "linear.weight":
            weights[name] = _taken(x, orders[-1], axis=1)
        if not parts[0].startswith("layer"):
            continue
        number = int(parts[0].removeprefix("layer")) - 1
        before = orders[number - 1] if number and parts[1] == "0" else orders[number]
        if parts[2] == "conv1":
            weights[name] = _taken(x, before, axis=1)
        elif parts[2] in ("conv2", "bn2"):
            weights[name] = _taken(x, orders[number], axis=0)
    return weights


def _orders(spec: ArchSpec) -> list[np.ndarray]:
    """Returns for each stage which of that code's channels each of ours is."""
    orders = [np.arange(spec.stem.filters)]
    for stage in spec.stages[1:]:
        filters, before = stage[0].filters, orders[-1]
        start = (filters - len(before)) // 2
        padded = np.r_[np.arange(start), np.arange(start + len(before), filters)]
        orders.append(np.r_[start + before, padded])
    return orders


def _taken(x: np.ndarray, order: np.ndarray, axis: int) -> np.ndarray:
    """Returns the array in another order; one of another net, which is refused later, as it is."""
    fits = x.ndim > axis and x.shape[axis] == len(order)
    return np.take(x, order, axis) if fits else x
