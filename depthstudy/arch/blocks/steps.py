"""Convolution, normalization, activation: the steps of which branches consist."""

from __future__ import annotations

import dataclasses

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.layer_types import (
    Activation,
    BatchNorm,
    Conv,
    Dropout,
    GroupNorm,
    Layer,
    LayerNorm,
    Layers,
    SqueezeExcite,
)
from depthstudy.arch.literals import Norm


@dataclasses.dataclass(frozen=True)
class Step:
    """A convolution, its normalization and, if ``activated``, its activation; ``then`` others."""

    filters: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    activated: bool = True
    then: Layers = ()


def depthwise_step(
    block: BlockSpec, channels: int, *, activated: bool = True, then: Layers = ()
) -> Step:
    """Returns a depthwise convolution with the block's kernel and stride."""
    return Step(channels, block.kernel, block.stride, channels, activated, then)


def sequence(steps: tuple[Step, ...], block: BlockSpec, prefix: str = "") -> Layers:
    """Returns convolution, normalization, activation, step by step; names begin with ``prefix``."""
    layers: list[Layer] = []
    for i, step in enumerate(steps, start=1):
        layers += dropout_layers(block, last=i == len(steps))
        layers += [step_conv(f"{prefix}conv{i}", step, block)]
        layers += norm_layers(f"{prefix}norm{i}", block.norm)
        layers += [Activation(block.activation)] if step.activated else []
        layers += step.then
    return tuple(layers)


def gate_layers(block: BlockSpec, channels: int) -> Layers:
    """Returns the block's squeeze-and-excitation of ``channels`` channels, if it has one."""
    if not block.squeeze:
        return ()
    reduce = Conv("conv1", block.squeeze, 1, bias=True)
    expand = Conv("conv2", channels, 1, bias=True)
    activation, gate = block.squeeze_activation, block.squeeze_gate
    return (SqueezeExcite("squeeze_excite", reduce, expand, activation, gate),)


def scaled_squeeze(squeeze: int, new: int, old: int) -> int:
    """Returns the channels inside a gate, if there is one, of ``new`` instead of ``old``."""
    return max(1, squeeze * new // old) if squeeze else 0


def step_conv(name: str, step: Step, block: BlockSpec) -> Conv:
    """Returns the convolution of a step; it has a bias where no normalization follows."""
    return Conv(name, step.filters, step.kernel, step.stride, block.norm == "none", step.groups)


def dropout_layers(block: BlockSpec, *, last: bool) -> Layers:
    """Returns the dropout before the last convolution of a branch."""
    return (Dropout(block.dropout),) if last and block.dropout else ()


def norm_layers(name: str, norm: Norm) -> Layers:
    """Returns the normalization, if there is one."""
    match norm:
        case "batch":
            return (BatchNorm(name),)
        case "group":
            return (GroupNorm(name),)
        case "layer":
            return (LayerNorm(name),)
    return ()
