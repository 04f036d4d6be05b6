"""A depthwise and a 1x1 convolution (Howard et al. 2017, arXiv 1704.04861)."""

from __future__ import annotations

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, BlockKind
from depthstudy.arch.blocks.steps import Step, depthwise_step


class Separable(BlockKind):
    """A depthwise and a 1x1 convolution, both activated."""

    reads = COMMON

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        return depthwise_step(block, channels), Step(block.filters)
