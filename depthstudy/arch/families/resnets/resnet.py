"""Plain nets and ResNets.

He et al. 2015, "Deep Residual Learning for Image Recognition" (arXiv 1512.03385).
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from depthstudy.arch.bounds import whole
from depthstudy.arch.families.options import (
    apply_common_options,
    cifar_blocks,
    for_small_images,
    repeated,
)
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind, Shortcut
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

ResNetLayout = Literal["cifar", "imagenet", "small"]

_EXPANSION = {"basic": 1, "bottleneck": 4}  # output over inner channels
_IMAGENET_BLOCKS: dict[int, tuple[str, tuple[int, ...]]] = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
    200: ("bottleneck", (3, 24, 36, 3)),
}
_CLASSES: dict[str, int] = {"cifar": 10, "imagenet": 1000, "small": 10}


@with_options_of(apply_common_options, without=("depth_multiplier",))
def resnet(
    *,
    depth: int,
    layout: ResNetLayout = "imagenet",
    width: int | None = None,
    residual: bool = True,
    shortcut: Shortcut | None = None,
    activation: ActivationKind = "relu",
    num_classes: int | None = None,
    **options: Any,
) -> ArchSpec:
    """Returns a ResNet.

    Args:
      depth: Weight layers. ``"cifar"``: 6n+2; otherwise 18, 34, 50, 101, 152 or 200.
      layout: ``"cifar"`` has a 3x3 stem and three stages of 16, 32, 64 filters; ``"imagenet"``
        a 7x7 stem of stride 2, a pooling, and four stages of 64 to 512 (times 4) filters;
        ``"small"`` the same stages, but a 3x3 stem and no pooling.
      width: Filters of the first stage; each next stage doubles it. Default 16 and 64.
      residual: Whether blocks have shortcuts; without them this is the plain twin.
      shortcut: Default ``"A"`` for ``"cifar"`` and ``"B"`` otherwise, as published.
      activation: As in ``BlockSpec``.
      num_classes: Default 1000 for ``"imagenet"``, otherwise 10.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: No such depth or width; the message names the nearest depths.
    """
    _check_depth(depth, layout)
    first_filters = None if width is None else whole("width", width)
    if layout == "cifar":
        counts: tuple[int, ...] = (cifar_blocks(depth, others=2),) * 3
        kind = "basic"
        stem = StemSpec(filters=first_filters or 16)
    else:
        kind, counts = _IMAGENET_BLOCKS[depth]
        stem = StemSpec(filters=first_filters or 64, kernel=7, stride=2, pool=True)
    if not residual and shortcut is not None:
        raise InputError(f"shortcut={shortcut!r} needs residual=True")
    first = BlockSpec(
        kind=kind,
        filters=stem.filters * _EXPANSION[kind],
        inner=stem.filters,
        shortcut=shortcut or ("A" if layout == "cifar" else "B"),
    )
    spec = ArchSpec(
        family="resnet",
        stem=stem,
        stages=tuple(_stage(first, number, count) for number, count in enumerate(counts)),
        head=HeadSpec(num_classes=_CLASSES[layout] if num_classes is None else num_classes),
        resolution=224 if layout == "imagenet" else None,
    )
    spec = for_small_images(spec) if layout == "small" else spec
    spec = apply_common_options(spec, residual=residual, activation=activation, **options)
    return spec if residual else dataclasses.replace(spec, family="plain")


@with_options_of(resnet, without=("shortcut", "stochastic_depth"))
def plain(*, depth: int, residual: bool = False, **options: Any) -> ArchSpec:
    """Returns the plain net of He et al. 2015: a ResNet with its shortcuts taken out.

    Args:
      depth: As in ``resnet``.
      residual: ``False`` alone is allowed.
      **options: Further ones of ``resnet``.

    Raises:
      InputError: As ``resnet``, or it is to have shortcuts.
    """
    if residual:
        raise InputError("a plain net has no residual connections; take the family resnet")
    return resnet(depth=depth, residual=False, **options)


def _stage(first: BlockSpec, number: int, count: int) -> tuple[BlockSpec, ...]:
    """Returns stage ``number``, counted from 0: twice the filters and half the pixels each time."""
    block = dataclasses.replace(
        first, filters=first.filters * 2**number, inner=first.inner * 2**number
    )
    return repeated(block, count, stride=1 if number == 0 else 2)


def _check_depth(depth: int, layout: str) -> None:
    if layout != "cifar" and depth not in _IMAGENET_BLOCKS:
        depths = ", ".join(map(str, _IMAGENET_BLOCKS))
        low, high = sorted(sorted(_IMAGENET_BLOCKS, key=lambda other: abs(other - depth))[:2])
        raise InputError(
            f"no depth {depth} in layout {layout!r}; nearest: {low} and {high} (allowed: {depths})"
        )
