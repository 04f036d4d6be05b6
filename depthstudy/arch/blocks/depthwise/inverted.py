"""Inverted residual blocks (Sandler et al. 2018, arXiv 1801.04381), with and without expansion.

Inner channels and those of a gate follow the input, not the output.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, GATE, BlockKind
from depthstudy.arch.blocks.steps import Step, depthwise_step, gate_layers, scaled_squeeze
from depthstudy.arch.rounding import divisible


class Inverted(BlockKind):
    """1x1 to more channels, depthwise, gate, and 1x1 to fewer without activation."""

    reads = COMMON | GATE | {"inner"}

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        inner, gate = block.inner, gate_layers(block, block.inner)
        return (
            Step(inner),
            depthwise_step(block, inner, then=gate),
            Step(block.filters, activated=False),
        )

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        inner = _scaled_inner(block, old, new)
        squeeze = scaled_squeeze(block.squeeze, inner, block.inner)
        return dataclasses.replace(block, filters=filters, inner=inner, squeeze=squeeze)

    def repeated(self, block: BlockSpec, channels: int) -> BlockSpec:
        inner = block.inner * block.filters // channels
        squeeze = scaled_squeeze(block.squeeze, block.filters, channels)
        return dataclasses.replace(block, stride=1, inner=inner, squeeze=squeeze)


class FusedInverted(BlockKind):
    """3x3 to more channels, and 1x1 to fewer (Tan & Le 2021, arXiv 2104.00298)."""

    reads = COMMON | {"inner"}

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        expand = Step(block.inner, block.kernel, block.stride)
        return expand, Step(block.filters, activated=False)

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        return dataclasses.replace(block, filters=filters, inner=_scaled_inner(block, old, new))

    def repeated(self, block: BlockSpec, channels: int) -> BlockSpec:
        inner = block.inner * block.filters // channels
        return dataclasses.replace(block, stride=1, inner=inner)


class LinearSeparable(BlockKind):
    """Depthwise, gate, and 1x1 without activation: an inverted block that does not expand."""

    reads = COMMON | GATE

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        gate = gate_layers(block, channels)
        return depthwise_step(block, channels, then=gate), Step(block.filters, activated=False)

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        squeeze = scaled_squeeze(block.squeeze, new, old)
        return dataclasses.replace(block, filters=filters, squeeze=squeeze)

    def repeated(self, block: BlockSpec, channels: int) -> BlockSpec:
        squeeze = scaled_squeeze(block.squeeze, block.filters, channels)
        return dataclasses.replace(block, stride=1, squeeze=squeeze)


def _scaled_inner(block: BlockSpec, old: int, new: int) -> int:
    exact = block.inner % old == 0
    return block.inner // old * new if exact else divisible(block.inner * new / old)
