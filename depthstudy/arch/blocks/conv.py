"""One convolution (Simonyan & Zisserman 2014, arXiv 1409.1556)."""

from __future__ import annotations

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, BlockKind
from depthstudy.arch.blocks.steps import Step
from depthstudy.arch.layer_types import Layers, MaxPool


class SingleConv(BlockKind):
    """One convolution; a stride is a max pooling before it, as in a VGG net."""

    reads = COMMON
    takes_repvgg = True

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        return (Step(block.filters, block.kernel),)

    def branch(self, block: BlockSpec, channels: int) -> Layers:
        pool = (MaxPool(2, block.stride),) if block.stride > 1 else ()
        return pool + super().branch(block, channels)
