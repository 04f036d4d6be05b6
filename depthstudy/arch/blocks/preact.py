"""Normalization and activation before each convolution (He et al. 2016, arXiv 1603.05027)."""

from __future__ import annotations

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import BlockKind, shortcut_conv
from depthstudy.arch.blocks.steps import dropout_layers, norm_layers, step_conv
from depthstudy.arch.layer_types import Activation, Conv, Layer, Layers
from depthstudy.arch.section import Section


class Preact(BlockKind):
    """The order of pre-activation, to be mixed into a kind that states the convolutions."""

    takes_repvgg = False

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        shortcut = self.shortcut(block, channels)
        end = () if shortcut is None else branch_end
        branch = self.branch(block, channels)
        if any(isinstance(layer, Conv) for layer in shortcut or ()):
            # He et al. 2016 project the activated input.
            split = branch.index(Activation(block.activation)) + 1
            return Section(path, branch[split:] + end, before=branch[:split], shortcut=shortcut)
        return Section(path, branch + end, shortcut=shortcut)

    def branch(self, block: BlockSpec, channels: int) -> Layers:
        steps = self.steps(block, channels)
        layers: list[Layer] = []
        for i, step in enumerate(steps, start=1):
            layers += [*norm_layers(f"norm{i}", block.norm), Activation(block.activation)]
            layers += dropout_layers(block, last=i == len(steps))
            layers += [step_conv(f"conv{i}", step, block), *step.then]
        return tuple(layers)

    def projection(self, block: BlockSpec) -> Layers:
        return shortcut_conv(block)
