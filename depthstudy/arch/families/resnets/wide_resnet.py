"""Wide ResNets: fewer blocks, each ``k`` times wider, with dropout between their convolutions.

Zagoruyko & Komodakis 2016, "Wide Residual Networks" (arXiv 1605.07146).
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.arch.families.options import apply_common_options, map_blocks
from depthstudy.arch.families.resnets.preact_resnet import preactivated
from depthstudy.arch.families.resnets.resnet import resnet
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec
from depthstudy.errors import InputError

_DEPTHS = (50, 101, 152)  # of the layouts with bottlenecks


def wide_resnet(
    *,
    depth: int,
    width_multiplier: float | None = None,
    layout: Literal["cifar", "imagenet", "small"] = "cifar",
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind = "relu",
    stochastic_depth: float = 0.0,
    dropout: float = 0.0,
    padding: Padding = "torch",
    num_classes: int | None = None,
) -> ArchSpec:
    """Returns WRN-``depth``-``width_multiplier``.

    Args:
      depth: ``"cifar"``: 6n+4, the projections counted in as in the paper. Otherwise 50, 101, 152.
      width_multiplier: The widening factor ``k``. Default 10 and 2.
      layout: ``"cifar"``: pre-activation blocks of two 3x3 convolutions, three stages of 16, 32 and
        64 times ``k`` filters. ``"imagenet"``: bottlenecks whose inner convolutions are ``k`` times
        as wide; ``"small"``: the same without early halvings.
      residual: Whether blocks have shortcuts.
      norm: As in ``BlockSpec``.
      activation: As in ``BlockSpec``.
      stochastic_depth: As in ``ArchSpec``.
      dropout: Share dropped before the last convolution of each block.
      padding: As in ``ArchSpec``.
      num_classes: Default 10, and 1000 for ``"imagenet"``.

    Raises:
      InputError: No such depth or multiplier; the message names the nearest depths.
    """
    factor = width_multiplier or (10 if layout == "cifar" else 2)
    if layout == "cifar":
        spec = _cifar(depth, factor, num_classes or 10)
    else:
        if depth not in _DEPTHS:
            raise InputError(f"no depth {depth} in layout {layout!r}; allowed: 50, 101, 152")
        spec = resnet(
            depth=depth, num_classes=num_classes or (1000 if layout == "imagenet" else 10)
        )
        spec = map_blocks(
            spec, lambda block: dataclasses.replace(block, inner=_whole(block.inner * factor))
        )
    spec = apply_common_options(
        dataclasses.replace(spec, family="wide_resnet"),
        layout=layout,
        residual=residual,
        norm=norm,
        activation=activation,
        stochastic_depth=stochastic_depth,
        dropout=dropout,
        padding=padding,
    )
    spec = map_blocks(spec, lambda block: dataclasses.replace(block, dropout=dropout))
    return dataclasses.replace(spec, head=dataclasses.replace(spec.head, dropout=0.0))


def _cifar(depth: int, factor: float, num_classes: int) -> ArchSpec:
    if depth < 10 or depth % 6 != 4:
        below = max(10, depth - (depth - 4) % 6)
        nearest = "10" if depth < 10 else f"{below} and {below + 6}"
        raise InputError(
            f"no depth {depth} in layout 'cifar', which needs 6n+4; nearest: {nearest}"
        )
    spec = resnet(
        depth=depth - 2,
        layout="cifar",
        width=_whole(16 * factor),
        shortcut="B",
        num_classes=num_classes,
    )
    stem = dataclasses.replace(spec.stem, filters=16)
    return preactivated(dataclasses.replace(spec, stem=stem), "wide_resnet")


def _whole(channels: float) -> int:
    if channels < 1 or channels != int(channels):
        raise InputError(f"width_multiplier must give whole channels, it gives {channels}")
    return int(channels)
