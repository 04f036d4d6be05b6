"""Half of the channels passes by, then all are shuffled (Ma et al. 2018, arXiv 1807.11164)."""

from __future__ import annotations

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, BlockKind, passes_unchanged
from depthstudy.arch.blocks.steps import Step, depthwise_step, sequence
from depthstudy.arch.layer_types import ChannelShuffle, Layers, Take
from depthstudy.arch.section import Section


class ShuffleV2(BlockKind):
    """Keeps half the channels or, where shapes differ, transforms both halves; then shuffles."""

    reads = COMMON | {"inner"}
    shortcuts = ("B", "C")

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        return self._steps(block, block.filters)

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        half, shuffle = block.filters // 2, (ChannelShuffle(2),)
        if not block.residual:
            return Section(path, self.branch(block, channels), after=shuffle)
        branch = sequence(self._steps(block, block.filters - half), block)
        if passes_unchanged(block, channels):
            branch, shortcut = (Take(half, channels), *branch), (Take(0, half),)
            return Section(path, branch, shortcut=shortcut, join="concat", after=shuffle)
        pair = (depthwise_step(block, channels, activated=False), Step(half))
        short = sequence(pair, block, prefix="shortcut_")
        return Section(path, branch, shortcut=short, join="concat", after=shuffle)

    def _steps(self, block: BlockSpec, filters: int) -> tuple[Step, ...]:
        inner = block.inner
        return Step(inner), depthwise_step(block, inner, activated=False), Step(filters)
