"""A 3x3 convolution between two of 1x1 (He et al. 2015), and their pre-activation form.

With groups it is the block of ResNeXt (Xie et al. 2017, arXiv 1611.05431), with a gate that of
SE-ResNet (Hu et al. 2018, arXiv 1709.01507).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, GATE, BlockKind
from depthstudy.arch.blocks.preact import Preact
from depthstudy.arch.blocks.steps import Step, gate_layers, scaled_squeeze
from depthstudy.arch.rounding import whole_groups


class Bottleneck(BlockKind):
    """1x1, 3x3 in ``groups`` and 1x1; a gate ends the branch.

    The 3x3 convolution has the stride, as in the published weights (Goyal et al. 2017), not the
    first 1x1.
    """

    reads = COMMON | GATE | {"inner", "last_inner", "groups"}
    activates_sum = True
    takes_repvgg = True

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        gate = gate_layers(block, block.filters)
        last_inner = block.last_inner or block.inner
        return (
            Step(block.inner),
            Step(last_inner, block.kernel, block.stride, block.groups),
            Step(block.filters, activated=False, then=gate),
        )

    def narrowed(self, block: BlockSpec, outputs: Mapping[str, int]) -> BlockSpec:
        last_inner = outputs.get("conv2", block.last_inner or block.inner)
        return _with_last_inner(super().narrowed(block, outputs), last_inner)

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        last_inner = (block.last_inner or block.inner) * filters // block.filters
        wide = super().widened(block, filters, old, new)
        return _with_last_inner(wide, whole_groups(last_inner, block.groups))


class FirstStrideBottleneck(Bottleneck):
    """``Bottleneck`` with the stride in its first convolution (He et al. 2015; Keras's ResNets)."""

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        first, middle, last = super().steps(block, channels)
        first = dataclasses.replace(first, stride=block.stride)
        return first, dataclasses.replace(middle, stride=1), last


class InnerGateBottleneck(Bottleneck):
    """``Bottleneck`` with its gate before the last convolution (Radosavovic et al. 2020).

    The channels inside the gate follow the input of the block, as in the published RegNets.
    """

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        first, middle, last = super().steps(block, channels)
        gate = gate_layers(block, middle.filters)
        middle = dataclasses.replace(middle, then=gate)
        return first, middle, dataclasses.replace(last, then=())

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        squeeze = scaled_squeeze(block.squeeze, new, old)
        return dataclasses.replace(super().widened(block, filters, old, new), squeeze=squeeze)

    def repeated(self, block: BlockSpec, channels: int) -> BlockSpec:
        squeeze = scaled_squeeze(block.squeeze, block.filters, channels)
        return dataclasses.replace(block, stride=1, squeeze=squeeze)


class PreactBottleneck(Preact, Bottleneck):
    """``Bottleneck`` with normalization and activation before each convolution."""


def _with_last_inner(block: BlockSpec, channels: int) -> BlockSpec:
    return dataclasses.replace(block, last_inner=None if channels == block.inner else channels)
