"""MobileNets: a depthwise and a 1x1 convolution in the place of each 3x3 one.

Howard et al. 2017, "MobileNets" (arXiv 1704.04861).
"""

from __future__ import annotations

from typing import Any

from depthstudy.arch.families.options import apply_common_options, repeated
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width

# Filters, blocks and first stride.
_STAGES = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 2))


@with_options_of(apply_common_options, without=("residual", "stochastic_depth"))
def mobilenet_v1(
    *,
    width_multiplier: float = 1.0,
    activation: ActivationKind = "relu",
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns MobileNetV1, which has no shortcuts.

    Args:
      width_multiplier: Factor of all channels, rounded to multiples of 8.
      activation: ``"relu"`` in the paper; the published TensorFlow weights have ``"relu6"``.
      padding: As in ``ArchSpec``; the published TensorFlow weights have ``"same"``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.
    """
    spec = ArchSpec(
        family="mobilenet_v1",
        stem=StemSpec(filters=32, stride=2),
        stages=tuple(
            repeated(BlockSpec(kind="separable", filters=filters, residual=False), count, stride)
            for filters, count, stride in _STAGES
        ),
        head=HeadSpec(num_classes=num_classes),
        resolution=224,
    )
    return apply_common_options(
        scale_width(spec, width_multiplier), activation=activation, **options
    )
