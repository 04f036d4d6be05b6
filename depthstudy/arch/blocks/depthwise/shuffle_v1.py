"""Grouped 1x1 convolutions with a shuffle between them (Zhang et al. 2018, arXiv 1707.01083)."""

from __future__ import annotations

import dataclasses
import math

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, BlockKind, passes_unchanged
from depthstudy.arch.blocks.steps import Step, depthwise_step, sequence
from depthstudy.arch.layer_types import Activation, AveragePool, ChannelShuffle, Layers
from depthstudy.arch.section import Section

_BOTTLENECK = 4  # output over inner channels


class ShuffleV1(BlockKind):
    """1x1 in groups, shuffle, depthwise, 1x1 in groups.

    Where shapes differ, the averaged input is put before the branch's channels.
    """

    reads = (COMMON | {"inner", "groups", "first_groups"}) - {"shortcut"}

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        return self._steps(block, block.filters)

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        shortcut = self.shortcut(block, channels)
        concat = bool(shortcut)
        branch = sequence(self._steps(block, block.filters - concat * channels), block)
        return Section(
            path,
            branch=branch + (() if shortcut is None or concat else branch_end),
            shortcut=shortcut,
            join="concat" if concat else "add",
            after=(Activation(block.activation),),
        )

    def shortcut(self, block: BlockSpec, channels: int) -> Layers | None:
        if not block.residual:
            return None
        return () if passes_unchanged(block, channels) else (AveragePool(3, block.stride),)

    def with_projection(self, block: BlockSpec) -> BlockSpec:
        return block

    def width_divisor(self, block: BlockSpec) -> int:
        return math.lcm(8, _BOTTLENECK * block.groups)

    def repeated(self, block: BlockSpec, channels: int) -> BlockSpec:
        return dataclasses.replace(block, stride=1, first_groups=None)

    def _steps(self, block: BlockSpec, filters: int) -> tuple[Step, ...]:
        groups = block.groups if block.first_groups is None else block.first_groups
        return (
            Step(block.inner, groups=groups, then=(ChannelShuffle(block.groups),)),
            depthwise_step(block, block.inner, activated=False),
            Step(filters, groups=block.groups, activated=False),
        )
