"""Deeper, wider and larger architectures, as functions from value to value.

Tan & Le 2019, "EfficientNet" (arXiv 1905.11946), scale depth, width and resolution together; each
can be scaled alone.
"""

from __future__ import annotations

import dataclasses
import math

from depthstudy.arch.spec import ArchSpec, BlockSpec
from depthstudy.errors import InputError

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15  # EfficientNet: depth, width, resolution


def divisible(channels: float, divisor: int = 8) -> int:
    """Returns the multiple of ``divisor`` nearest to ``channels``, never 10 % below it.

    The rule of the MobileNets and EfficientNets.
    """
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def scale_depth(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """Returns the value with ``multiplier`` times the blocks in each stage, rounded up.

    A stage grows by repeating its last block, and shrinks by losing its last blocks.
    """
    _check(multiplier, "depth multiplier")
    channels = spec.stem.filters
    stages = []
    for stage in spec.stages:
        count = math.ceil(multiplier * len(stage) - 1e-9)
        last = _repeated(stage[-1], channels if len(stage) == 1 else stage[-2].filters)
        stages.append((*stage[:count], *(last,) * (count - len(stage))))
        channels = stage[-1].filters
    return dataclasses.replace(spec, stages=tuple(stages))


def scale_width(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """Returns the value with ``multiplier`` times the channels, rounded as by ``divisible``.

    Hidden dense layers stay as they are.
    """
    _check(multiplier, "width multiplier")
    if multiplier == 1:
        return spec
    groups = math.lcm(*(block.groups for stage in spec.stages for block in stage))
    divisor = 8 if groups == 1 else math.lcm(8, 4 * groups)
    old, new = spec.stem.filters, divisible(spec.stem.filters * multiplier, divisor)
    stem = dataclasses.replace(spec.stem, filters=new)
    stages = []
    for stage in spec.stages:
        scaled = []
        for block in stage:
            filters = divisible(block.filters * multiplier, divisor)
            scaled.append(_widened(block, filters, old, new))
            old, new = block.filters, filters
        stages.append(tuple(scaled))
    filters = divisible(spec.head.filters * multiplier) if spec.head.filters else 0
    head = dataclasses.replace(spec.head, filters=filters)
    return dataclasses.replace(spec, stem=stem, stages=tuple(stages), head=head)


def scale_resolution(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """Returns the value for images with ``multiplier`` times the side.

    Raises:
      InputError: The value has no resolution, or the multiplier is not above 0.
    """
    _check(multiplier, "resolution multiplier")
    if spec.resolution is None:
        raise InputError(f"{spec.family} has no resolution to scale")
    return dataclasses.replace(spec, resolution=round(spec.resolution * multiplier))


def scale_compound(
    spec: ArchSpec,
    phi: float,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
    gamma: float = GAMMA,
) -> ArchSpec:
    """Returns the value with depth, width and resolution times ``alpha``, ``beta``, ``gamma``^phi.

    Where ``alpha * beta**2 * gamma**2`` is about 2, multiply-accumulates grow by about ``2**phi``.
    The published B1 to B7 have coefficients that are rounded by hand: see ``efficientnet``.
    """
    spec = scale_width(scale_depth(spec, alpha**phi), beta**phi)
    return scale_resolution(spec, gamma**phi)


def _repeated(block: BlockSpec, channels: int) -> BlockSpec:
    """Returns the block to follow ``block``, which has ``channels`` as its input."""
    inner, squeeze = block.inner, block.squeeze
    if block.kind in ("inverted", "linear_separable"):
        inner = inner * block.filters // channels
        squeeze = max(1, squeeze * block.filters // channels) if squeeze else 0
    return dataclasses.replace(block, inner=inner, stride=1, squeeze=squeeze, first_groups=None)


def _widened(block: BlockSpec, filters: int, old: int, new: int) -> BlockSpec:
    """Returns the block for ``new`` instead of ``old`` channels of input.

    Inverted blocks and their gates are sized by their input, the others by their output.
    """
    if block.kind == "inverted":
        exact = block.inner % old == 0
        inner = block.inner // old * new if exact else divisible(block.inner * new / old)
        squeeze = block.squeeze * inner // block.inner
    else:
        inner = block.inner * filters // block.filters
        squeeze = block.squeeze * new // old
    squeeze = max(1, squeeze) if block.squeeze else 0
    last = block.last_inner and block.last_inner * filters // block.filters
    return dataclasses.replace(
        block, filters=filters, inner=inner, squeeze=squeeze, last_inner=last
    )


def _check(multiplier: float, name: str) -> None:
    if multiplier <= 0:
        raise InputError(f"{name} must be above 0, it is {multiplier}")
