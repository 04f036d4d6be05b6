"""ShuffleNet: grouped 1x1 convolutions, whose groups a shuffle lets see each other.

Zhang et al. 2018, "ShuffleNet" (arXiv 1707.01083).
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.families.options import Layout, apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width
from depthstudy.errors import InputError

_FILTERS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # of the first stage, by groups
_COUNTS = (4, 8, 4)
_STEM = 24
_BOTTLENECK = 4  # output over inner channels


def shufflenet_v1(
    *,
    groups: int = 3,
    width_multiplier: float = 1.0,
    depth_multiplier: float = 1.0,
    layout: Layout = "imagenet",
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind = "relu",
    dropout: float = 0.0,
    padding: Padding = "torch",
    num_classes: int = 1000,
) -> ArchSpec:
    """Returns ShuffleNet ``width_multiplier``x with so many groups.

    Args:
      groups: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8. More groups have more channels, at
        about the same cost.
      width_multiplier: Factor of all channels, rounded to what the groups divide.
      depth_multiplier: As in ``apply_common_options``.
      layout: As in ``apply_common_options``.
      residual: Whether the input is added to a block's branch or, where the block has a stride,
        pooled and put before it. Without, the branch makes all channels.
      norm: As in ``apply_common_options``.
      activation: As in ``BlockSpec``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``.
      num_classes: Number of logits.

    Raises:
      InputError: No such number of groups, or the multiplier is not above 0.
    """
    if groups not in _FILTERS:
        raise InputError(f"no groups {groups}; allowed: {', '.join(map(str, _FILTERS))}")
    stages = [
        _stage(_FILTERS[groups] * 2**number, count, groups) for number, count in enumerate(_COUNTS)
    ]
    # The stem has too few channels to be worth groups.
    stages[0] = (dataclasses.replace(stages[0][0], first_groups=1), *stages[0][1:])
    spec = ArchSpec(
        family="shufflenet_v1",
        stem=StemSpec(filters=_STEM, stride=2, pool=True),
        stages=tuple(stages),
        head=HeadSpec(num_classes=num_classes),
        resolution=224,
    )
    return apply_common_options(
        scale_width(spec, width_multiplier),
        layout=layout,
        depth_multiplier=depth_multiplier,
        residual=residual,
        norm=norm,
        activation=activation,
        dropout=dropout,
        padding=padding,
    )


def _stage(filters: int, count: int, groups: int) -> tuple[BlockSpec, ...]:
    block = BlockSpec(
        kind="shuffle_v1", filters=filters, inner=filters // _BOTTLENECK, groups=groups
    )
    return (dataclasses.replace(block, stride=2), *(block,) * (count - 1))
