"""ShuffleNetV2: half of the channels passes a block by, and a shuffle mixes the halves.

Ma et al. 2018, "ShuffleNet V2" (arXiv 1807.11164); as in torchvision's weights.
"""

from __future__ import annotations

from typing import Any

from depthstudy.arch.families.options import apply_common_options, repeated
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.rounding import divisible
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import check_multiplier

_FILTERS = {0.5: 48, 1.0: 116, 1.5: 176, 2.0: 244}  # of the first stage, by multiplier
_COUNTS = (4, 8, 4)
_STEM = 24


@with_options_of(apply_common_options, without=("stochastic_depth",))
def shufflenet_v2(
    *,
    width_multiplier: float = 1.0,
    activation: ActivationKind = "relu",
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns ShuffleNetV2 ``width_multiplier``x.

    Args:
      width_multiplier: 0.5, 1.0, 1.5 and 2.0 have the published channels; any other factor has
        those of 1.0 times it, in multiples of 4.
      residual: Whether half of the channels passes by. Without, a block reads and makes all of
        them, by the same inner channels.
      activation: As in ``BlockSpec``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: The multiplier is not above 0.
    """
    check_multiplier(width_multiplier, "width_multiplier")
    first = _FILTERS.get(width_multiplier) or divisible(_FILTERS[1.0] * width_multiplier, 4)
    head_filters = 1024 if width_multiplier < 2 else 2048
    spec = ArchSpec(
        family="shufflenet_v2",
        stem=StemSpec(filters=_STEM, stride=2, pool=True),
        stages=tuple(_stage(first * 2**number, count) for number, count in enumerate(_COUNTS)),
        head=HeadSpec(num_classes=num_classes, activated=True, filters=head_filters),
        resolution=224,
    )
    return apply_common_options(spec, activation=activation, **options)


def _stage(filters: int, count: int) -> tuple[BlockSpec, ...]:
    block = BlockSpec(kind="shuffle_v2", filters=filters, inner=filters // 2)
    return repeated(block, count, stride=2)
