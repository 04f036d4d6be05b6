"""Two 3x3 convolutions (He et al. 2015, arXiv 1512.03385), and their pre-activation form."""

from __future__ import annotations

import math

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, GATE, BlockKind
from depthstudy.arch.blocks.preact import Preact
from depthstudy.arch.blocks.steps import Step, gate_layers


class Basic(BlockKind):
    """Two 3x3 convolutions, both in ``groups``; a gate ends the branch (Hu et al. 2018)."""

    reads = COMMON | GATE | {"inner", "groups"}
    activates_sum = True
    takes_repvgg = True

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        gate = gate_layers(block, block.filters)
        kernel, groups = block.kernel, block.groups
        return (
            Step(block.inner, kernel, block.stride, groups),
            Step(block.filters, kernel, groups=groups, activated=False, then=gate),
        )

    def width_divisor(self, block: BlockSpec) -> int:
        return math.lcm(8, block.groups)


class PreactBasic(Preact, Basic):
    """``Basic`` with normalization and activation before each convolution."""
