"""What a train step takes on a device that is not at hand, from the architecture alone.

A roofline (Williams et al. 2009): each layer takes as long as its arithmetic or its memory traffic,
whichever is longer, and a step has a floor for each weight layer, which is what launching it takes.
The three shares below were fitted to four steps that were measured on an H100 and an H200
(``docs/performance.md``); on other devices they are taken to be the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from depthstudy.arch import LayerCost
from depthstudy.arch import layer_types as layers
from depthstudy.config import TrainConfig
from depthstudy.study.forecast.devices import Device

_ARITHMETIC = 0.5  # of the peak, in convolutions and dense layers
_GROUPED = 0.05  # of the peak, where each filter sees few channels: no matrix is large
_MEMORY = 0.55  # of the bandwidth
_LAUNCH = 60e-6  # seconds of a weight layer, forward and backward, however small

# Passes over a layer's output in a step, forward and backward. A convolution: input, output; both
# gradients read one of them and the gradient, and write one. A normalization: statistics,
# normalizing with the activation behind it, their two sums, the gradient.
_WEIGHTS, _NORM = 6, 8
_AGAIN = 4 / 3  # times what is computed again in the backward pass takes
_KEPT = 2.3  # times what convolutions put out is kept until the backward pass, as XLA counts

Norm = layers.BatchNorm | layers.GroupNorm | layers.LayerNorm


class Step(NamedTuple):
    """A train step of the nets of one device.

    Attributes:
      seconds: How long it takes.
      memory: What it takes of the device's memory, in bytes.
    """

    seconds: float
    memory: float


def step(
    costs: tuple[LayerCost, ...], training: TrainConfig, device: Device, *, images: int, nets: int
) -> Step:
    """Returns what a step takes.

    Args:
      costs: The layers of the net, ``arch.layer_costs``.
      training: Its recipe.
      device: The device.
      images: Of each net's batch, those on this device.
      nets: Nets that are trained at once on it.
    """
    narrow = training.precision != "float32"
    size = 2 if narrow else 4
    flops = device.flops / (2 if device.halved_in_float32 and not narrow else 1)
    parts = training.gradient_accumulation
    seconds = launches = 0.0
    for cost in costs:
        out = math.prod(cost.shape) * images * nets
        traffic = _passes(cost.layer) * out * size / (_MEMORY * device.bandwidth)
        share = _GROUPED if _is_grouped(cost.layer) else _ARITHMETIC
        arithmetic = 6 * cost.macs * images * nets / (share * flops)
        times = _AGAIN if training.rematerialize and _block(cost) else 1.0
        seconds += times * max(traffic, arithmetic)
        launches += times * parts * bool(cost.macs)
    gradients = _gradient_bytes(costs) * (1 if parts == 1 else 2)  # of a part, and their sum
    state = nets * (state_bytes(costs, training) + gradients)
    kept = _kept(costs, training.rematerialize) * nets * images / parts
    return Step(seconds + launches * _LAUNCH, state + kept * size)


def state_bytes(costs: tuple[LayerCost, ...], training: TrainConfig) -> float:
    """Returns what parameters, their average and the optimizer's slots take: a net's checkpoint."""
    slots = (2 if training.optimizer == "adamw" else 1) + bool(training.average_decay)
    return _gradient_bytes(costs) * (1 + slots)


def exchange_seconds(costs: tuple[LayerCost, ...], device: Device, devices: int) -> float:
    """Returns how long gradients travel to be summed over devices (a ring: two passes)."""
    return 2 * _gradient_bytes(costs) * (devices - 1) / devices / device.link


def _gradient_bytes(costs: tuple[LayerCost, ...]) -> float:
    return 4.0 * sum(cost.parameters for cost in costs)


def _kept(costs: tuple[LayerCost, ...], rematerialize: bool) -> float:
    """Returns the numbers that are kept of an image until the backward pass.

    Where blocks are computed again, those are what comes out of each, and the inside of one.
    """
    inside: dict[tuple[str, ...], int] = {}  # by block; () is what is in none
    ends: dict[tuple[str, ...], int] = {}
    for cost in costs:
        block = _block(cost) if rematerialize else ()
        ends[block] = math.prod(cost.shape)
        inside[block] = inside.get(block, 0) + (ends[block] if cost.macs else 0)
    outside = inside.pop((), 0)
    ends.pop((), None)
    return _KEPT * (outside + max(inside.values(), default=0)) + sum(ends.values())


def _block(cost: LayerCost) -> tuple[str, ...]:
    """Returns the path of the block that a layer is in, or none: of a stem, a head, a pyramid."""
    return cost.path[:2] if cost.path[0].startswith("stage") else ()


def _passes(layer: layers.Layer) -> int:
    if isinstance(layer, layers.Conv | layers.Dense):
        return _WEIGHTS
    return _NORM if isinstance(layer, Norm) else 0


def _is_grouped(layer: layers.Layer) -> bool:
    return isinstance(layer, layers.Conv) and layer.groups > 1
