"""Layers that add channels to all that came before (Huang et al. 2017, arXiv 1608.06993)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, BlockKind
from depthstudy.arch.blocks.preact import Preact
from depthstudy.arch.blocks.steps import Step
from depthstudy.arch.layer_types import AveragePool, Layers
from depthstudy.arch.section import Section


class DenseLayer(Preact, BlockKind):
    """1x1 and 3x3, pre-activated; the ``filters`` new channels are put behind the input's.

    Without its shortcut a layer hands on the new channels alone.
    """

    reads = (COMMON | {"inner"}) - {"shortcut", "stride"}

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        return Step(block.inner), Step(block.filters, block.kernel)

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        shortcut = () if block.residual else None
        return Section(path, self.branch(block, channels), shortcut=shortcut, join="concat")

    def outputs(self, block: BlockSpec, channels: int) -> int:
        return block.filters + (channels if block.residual else 0)

    def narrowed(self, block: BlockSpec, outputs: Mapping[str, int]) -> BlockSpec:
        return dataclasses.replace(
            block,
            filters=outputs.get("conv2", block.filters),
            inner=outputs.get("conv1", block.inner),
        )

    def with_projection(self, block: BlockSpec) -> BlockSpec:
        return block


class Transition(Preact, BlockKind):
    """Normalization, activation, 1x1 convolution and, as its stride, average pooling."""

    reads = COMMON - {"dropout", "kernel", "residual", "shortcut"}

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        pool = (AveragePool(block.stride, block.stride),) if block.stride > 1 else ()
        return (Step(block.filters, then=pool),)

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        return Section(path, self.branch(block, channels))

    def with_projection(self, block: BlockSpec) -> BlockSpec:
        return block
