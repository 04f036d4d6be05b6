"""Deeper, wider and larger architectures, as functions from value to value.

Tan & Le 2019, "EfficientNet" (arXiv 1905.11946), scale depth, width and resolution together; each
can be scaled alone.
"""

from __future__ import annotations

import dataclasses
import math

from depthstudy.arch.blocks import kind_of
from depthstudy.arch.rounding import divisible
from depthstudy.arch.spec import ArchSpec
from depthstudy.errors import InputError

_DEPTH, _WIDTH, _RESOLUTION = 1.2, 1.1, 1.15  # EfficientNet's factors


def scale_depth(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """Returns the value with ``multiplier`` times the blocks in each stage, rounded up.

    A stage grows by repeating its last block, and shrinks by losing its last blocks.

    >>> from depthstudy import arch
    >>> net = arch.build("resnet", depth=18)
    >>> [len(stage) for stage in scale_depth(net, 1.5).stages]
    [3, 3, 3, 3]

    Raises:
      InputError: The multiplier is not above 0.
    """
    check_multiplier(multiplier, "depth multiplier")
    channels = spec.stem.filters
    stages = []
    for stage in spec.stages:
        count = math.ceil(multiplier * len(stage) - 1e-9)
        for block in stage:
            before, channels = channels, kind_of(block.kind).outputs(block, channels)
        last = kind_of(stage[-1].kind).repeated(stage[-1], before)
        stages.append((*stage[:count], *(last,) * (count - len(stage))))
    return dataclasses.replace(spec, stages=tuple(stages))


def scale_width(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """Returns the value with ``multiplier`` times the channels, rounded as by ``divisible``.

    Hidden dense layers stay as they are.

    >>> from depthstudy import arch
    >>> net = arch.build("resnet", depth=18)
    >>> [stage[-1].filters for stage in scale_width(net, 0.5).stages]
    [32, 64, 128, 256]

    Raises:
      InputError: The multiplier is not above 0.
    """
    check_multiplier(multiplier, "width multiplier")
    if multiplier == 1:
        return spec
    blocks = [block for stage in spec.stages for block in stage]
    divisor = math.lcm(8, *(kind_of(block.kind).width_divisor(block) for block in blocks))
    old, new = spec.stem.filters, divisible(spec.stem.filters * multiplier, divisor)
    inner = tuple(divisible(filters * multiplier) for filters in spec.stem.inner)
    stem = dataclasses.replace(spec.stem, filters=new, inner=inner)
    stages = []
    for stage in spec.stages:
        scaled = []
        for block in stage:
            filters = divisible(block.filters * multiplier, divisor)
            kind = kind_of(block.kind)
            scaled.append(kind.widened(block, filters, old, new))
            old, new = kind.outputs(block, old), kind.outputs(scaled[-1], new)
        stages.append(tuple(scaled))
    filters = divisible(spec.head.filters * multiplier) if spec.head.filters else 0
    head = dataclasses.replace(spec.head, filters=filters)
    return dataclasses.replace(spec, stem=stem, stages=tuple(stages), head=head)


def scale_resolution(spec: ArchSpec, multiplier: float) -> ArchSpec:
    """Returns the value for images with ``multiplier`` times the side.

    >>> from depthstudy import arch
    >>> scale_resolution(arch.build("efficientnet"), 1.5).resolution
    336

    Raises:
      InputError: The value has no resolution, or the multiplier is not above 0.
    """
    check_multiplier(multiplier, "resolution multiplier")
    if spec.resolution is None:
        raise InputError(f"{spec.family} has no resolution to scale")
    return dataclasses.replace(spec, resolution=round(spec.resolution * multiplier))


def scale_compound(spec: ArchSpec, phi: float) -> ArchSpec:
    """Returns the value with 1.2, 1.1 and 1.15 to the ``phi`` times depth, width and resolution.

    As ``1.2 * 1.1**2 * 1.15**2`` is about 2, multiply-accumulates grow by about ``2**phi``. The
    published B1 to B7 have coefficients that are rounded by hand: see ``efficientnet``.

    >>> from depthstudy import arch
    >>> net = scale_compound(arch.build("efficientnet"), 1)
    >>> net.resolution, [len(stage) for stage in net.stages]
    (258, [2, 3, 3, 4, 4, 5, 2])

    Raises:
      InputError: The value has no resolution.
    """
    spec = scale_width(scale_depth(spec, _DEPTH**phi), _WIDTH**phi)
    return scale_resolution(spec, _RESOLUTION**phi)


def check_multiplier(multiplier: float, name: str) -> None:
    """Raises InputError where a factor is not above 0, or not finite."""
    if not 0 < multiplier < math.inf:
        raise InputError(f"{name} must be above 0, it is {multiplier}")
