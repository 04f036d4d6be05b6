"""Wide ResNets: fewer blocks, each ``k`` times wider, with dropout between their convolutions.

Zagoruyko & Komodakis 2016, "Wide Residual Networks" (arXiv 1605.07146).
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from depthstudy.arch.families.options import apply_common_options, cifar_blocks, map_blocks
from depthstudy.arch.families.resnets.preact_resnet import preactivated
from depthstudy.arch.families.resnets.resnet import resnet
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.spec import ArchSpec
from depthstudy.arch.transforms.scaling import check_multiplier
from depthstudy.errors import InputError

_DEPTHS = (50, 101, 152)  # of the layouts with bottlenecks


@with_options_of(apply_common_options, without=("depth_multiplier",))
def wide_resnet(
    *,
    depth: int,
    width_multiplier: float | None = None,
    layout: Literal["cifar", "imagenet", "small"] = "cifar",
    activation: ActivationKind = "relu",
    dropout: float = 0.0,
    num_classes: int | None = None,
    **options: Any,
) -> ArchSpec:
    """Returns WRN-``depth``-``width_multiplier``.

    Args:
      depth: ``"cifar"``: 6n+4, the projections counted in as in the paper. Otherwise 50, 101, 152.
      width_multiplier: The widening factor ``k``. Default 10 and 2.
      layout: ``"cifar"``: pre-activation blocks of two 3x3 convolutions, three stages of 16, 32 and
        64 times ``k`` filters. ``"imagenet"``: bottlenecks whose inner convolutions are ``k`` times
        as wide; ``"small"``: the same without early halvings.
      activation: As in ``BlockSpec``.
      dropout: Share dropped before the last convolution of each block.
      num_classes: Default 10, and 1000 for ``"imagenet"``.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: No such depth or multiplier; the message names the nearest depths.
    """
    factor = (10 if layout == "cifar" else 2) if width_multiplier is None else width_multiplier
    check_multiplier(factor, "width multiplier")
    if layout == "cifar":
        spec = _cifar(depth, factor, 10 if num_classes is None else num_classes)
    else:
        if depth not in _DEPTHS:
            raise InputError(f"no depth {depth} in layout {layout!r}; allowed: 50, 101, 152")
        spec = resnet(depth=depth, layout=layout, num_classes=num_classes)
        spec = map_blocks(
            spec, lambda block: dataclasses.replace(block, inner=_whole(block.inner * factor))
        )
    spec = apply_common_options(
        dataclasses.replace(spec, family="wide_resnet"),
        activation=activation,
        dropout=dropout,
        **options,
    )
    spec = map_blocks(spec, lambda block: dataclasses.replace(block, dropout=dropout))
    return dataclasses.replace(spec, head=dataclasses.replace(spec.head, dropout=0.0))


def _cifar(depth: int, factor: float, num_classes: int) -> ArchSpec:
    spec = resnet(
        depth=6 * cifar_blocks(depth, others=4) + 2,
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
