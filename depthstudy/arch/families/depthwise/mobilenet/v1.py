"""MobileNets: a depthwise and a 1x1 convolution in the place of each 3x3 one.

Howard et al. 2017, "MobileNets" (arXiv 1704.04861).
"""

from __future__ import annotations

from depthstudy.arch.families.options import Layout, apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width

# Filters, blocks and first stride.
_STAGES = ((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 2))


def mobilenet_v1(
    *,
    width_multiplier: float = 1.0,
    depth_multiplier: float = 1.0,
    layout: Layout = "imagenet",
    norm: Norm = "batch",
    activation: ActivationKind = "relu",
    dropout: float = 0.0,
    padding: Padding = "torch",
    num_classes: int = 1000,
) -> ArchSpec:
    """Returns MobileNetV1, which has no shortcuts.

    Args:
      width_multiplier: Factor of all channels, rounded to multiples of 8.
      depth_multiplier: As in ``apply_common_options``.
      layout: As in ``apply_common_options``.
      norm: As in ``apply_common_options``.
      activation: ``"relu"`` in the paper; the published TensorFlow weights have ``"relu6"``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``; the published TensorFlow weights have ``"same"``.
      num_classes: Number of logits.
    """
    spec = ArchSpec(
        family="mobilenet_v1",
        stem=StemSpec(filters=32, stride=2),
        stages=tuple(_stage(*stage) for stage in _STAGES),
        head=HeadSpec(num_classes=num_classes),
        resolution=224,
    )
    return apply_common_options(
        scale_width(spec, width_multiplier),
        layout=layout,
        depth_multiplier=depth_multiplier,
        norm=norm,
        activation=activation,
        dropout=dropout,
        padding=padding,
    )


def _stage(filters: int, count: int, stride: int) -> tuple[BlockSpec, ...]:
    return tuple(
        BlockSpec(
            kind="separable",
            filters=filters,
            stride=stride if number == 0 else 1,
            residual=False,
        )
        for number in range(count)
    )
