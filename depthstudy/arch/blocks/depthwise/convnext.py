"""Blocks of ConvNeXt (Liu et al. 2022, arXiv 2201.03545)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from depthstudy.arch.block_spec import BlockSpec
from depthstudy.arch.blocks.kind import COMMON, BlockKind
from depthstudy.arch.blocks.steps import Step, dropout_layers, norm_layers, step_conv
from depthstudy.arch.layer_types import Activation, Conv, Layers, LayerScale
from depthstudy.arch.section import Section
from depthstudy.errors import InputError


class ConvNext(BlockKind):
    """Depthwise convolution, normalization, 1x1 to more channels, activation, 1x1 to fewer.

    Where shapes differ, a normalization and a convolution of patches come before branch and
    shortcut. Without a shortcut a branch has no layer scale, as it would leave next to nothing.
    """

    reads = COMMON | {"inner", "last_inner", "layer_scale"}
    shortcuts = ("B", "C")

    def steps(self, block: BlockSpec, channels: int) -> tuple[Step, ...]:
        depthwise = Step(channels, block.kernel, groups=channels)
        return depthwise, Step(block.inner), Step(block.filters, activated=False)

    def section(
        self, block: BlockSpec, channels: int, path: tuple[str, ...], branch_end: Layers
    ) -> Section:
        before: Layers = ()
        width = _width(block)
        if channels != width or block.stride > 1 or block.shortcut == "C":
            patches = Conv("patch_conv", width, block.stride, block.stride, bias=True)
            before = (*norm_layers("patch_norm", block.norm), patches)
        branch = self.branch(block, width)
        if not block.residual:
            return Section(path, branch, before)
        scale = (LayerScale("layer_scale", block.layer_scale),) if block.layer_scale else ()
        return Section(path, branch + scale + branch_end, before, shortcut=())

    def branch(self, block: BlockSpec, channels: int) -> Layers:
        depthwise, expand, project = self.steps(block, channels)
        return (
            step_conv("conv1", depthwise, block),
            *norm_layers("norm1", block.norm),
            _pointwise("conv2", expand),
            Activation(block.activation),
            *dropout_layers(block, last=True),
            _pointwise("conv3", project),
        )

    def narrowed(self, block: BlockSpec, outputs: Mapping[str, int]) -> BlockSpec:
        filters, inner = outputs.get("", block.filters), outputs.get("conv2", block.inner)
        width = outputs.get("conv1", _width(block))
        last_inner = None if width == filters else width
        return dataclasses.replace(block, filters=filters, inner=inner, last_inner=last_inner)

    def widened(self, block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
        width = _width(block) * filters // block.filters
        last_inner = None if width == filters else width
        wide = super().widened(block, filters, old, new)
        return dataclasses.replace(wide, last_inner=last_inner)

    def check(self, block: BlockSpec) -> None:
        super().check(block)
        if block.residual and block.last_inner is not None:
            raise InputError(
                f"a block of kind {block.kind!r} does not read last_inner={block.last_inner} with "
                "a shortcut"
            )

    def with_projection(self, block: BlockSpec) -> BlockSpec:
        return block if block.stride > 1 else dataclasses.replace(block, shortcut="C")


def _width(block: BlockSpec) -> int:
    """Returns the channels of the depthwise convolution."""
    return block.last_inner or block.filters


def _pointwise(name: str, step: Step) -> Conv:
    return Conv(name, step.filters, 1, bias=True)  # as no normalization follows
