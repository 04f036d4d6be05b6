"""ShuffleNet: grouped 1x1 convolutions, whose groups a shuffle lets see each other.

Zhang et al. 2018, "ShuffleNet" (arXiv 1707.01083).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.families.options import apply_common_options, repeated
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width
from depthstudy.errors import InputError

_FILTERS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # of the first stage, by groups
_COUNTS = (4, 8, 4)
_STEM = 24
_BOTTLENECK = 4  # output over inner channels


@with_options_of(apply_common_options, without=("stochastic_depth",))
def shufflenet_v1(
    *,
    groups: int = 3,
    width_multiplier: float = 1.0,
    activation: ActivationKind = "relu",
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns ShuffleNet ``width_multiplier``x with so many groups.

    Args:
      groups: Groups of the 1x1 convolutions: 1, 2, 3, 4 or 8. More groups have more channels, at
        about the same cost.
      width_multiplier: Factor of all channels, rounded to what the groups divide.
      residual: Whether the input is added to a block's branch or, where the block has a stride,
        pooled and put before it. Without, the branch makes all channels.
      activation: As in ``BlockSpec``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.

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
        scale_width(spec, width_multiplier), activation=activation, **options
    )


def _stage(filters: int, count: int, groups: int) -> tuple[BlockSpec, ...]:
    block = BlockSpec(
        kind="shuffle_v1", filters=filters, inner=filters // _BOTTLENECK, groups=groups
    )
    return repeated(block, count, stride=2)
