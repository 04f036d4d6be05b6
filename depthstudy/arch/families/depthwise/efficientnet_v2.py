"""EfficientNetV2: EfficientNet whose early blocks are of dense convolutions.

Tan & Le 2021, "EfficientNetV2: Smaller Models and Faster Training" (arXiv 2104.00298); as in
torchvision's weights.
"""

from __future__ import annotations

from typing import Literal

from depthstudy.arch.families.depthwise.inverted import Row, inverted_block, inverted_stages
from depthstudy.arch.families.options import Layout, apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width

_HEAD = 1280
_S = (
    Row(1, 24, 2, 1, fused=True),
    Row(4, 48, 4, 2, fused=True),
    Row(4, 64, 4, 2, fused=True),
    Row(4, 128, 6, 2),
    Row(6, 160, 9, 1),
    Row(6, 256, 15, 2),
)
_M = (
    Row(1, 24, 3, 1, fused=True),
    Row(4, 48, 5, 2, fused=True),
    Row(4, 80, 5, 2, fused=True),
    Row(4, 160, 7, 2),
    Row(6, 176, 14, 1),
    Row(6, 304, 18, 2),
    Row(6, 512, 5, 1),
)
_L = (
    Row(1, 32, 4, 1, fused=True),
    Row(4, 64, 7, 2, fused=True),
    Row(4, 96, 7, 2, fused=True),
    Row(4, 192, 10, 2),
    Row(6, 224, 19, 1),
    Row(6, 384, 25, 2),
    Row(6, 640, 7, 1),
)
# Rows, resolution and dropout.
_VARIANTS = {"s": (_S, 384, 0.2), "m": (_M, 480, 0.3), "l": (_L, 480, 0.4)}


def efficientnet_v2(
    *,
    variant: Literal["s", "m", "l"] = "s",
    width_multiplier: float = 1.0,
    depth_multiplier: float = 1.0,
    layout: Layout = "imagenet",
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind = "silu",
    stochastic_depth: float | None = None,
    dropout: float | None = None,
    padding: Padding = "torch",
    num_classes: int = 1000,
) -> ArchSpec:
    """Returns EfficientNetV2.

    Args:
      variant: Which of the published nets.
      width_multiplier: Factor of all channels, rounded to multiples of 8.
      depth_multiplier: Factor of the blocks of each stage.
      layout: As in ``apply_common_options``.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      norm: As in ``apply_common_options``.
      activation: Activation outside the gates.
      stochastic_depth: As in ``ArchSpec``. Default 0.2; 0 without shortcuts.
      dropout: As in ``HeadSpec``. Default 0.2 to 0.4, by variant.
      padding: As in ``ArchSpec``; TensorFlow's weights have ``"same"``.
      num_classes: Number of logits.
    """
    rows, resolution, default_dropout = _VARIANTS[variant]
    stem = StemSpec(filters=rows[0].filters, stride=2, activation="silu")
    like = inverted_block(activation="silu", squeeze=4, squeeze_activation="silu")
    spec = ArchSpec(
        family="efficientnet_v2",
        stem=stem,
        stages=inverted_stages(rows, stem.filters, like),
        head=HeadSpec(num_classes=num_classes, activated=True, activation="silu", filters=_HEAD),
        norm_epsilon=1e-3,
        resolution=resolution,
    )
    if stochastic_depth is None:
        stochastic_depth = 0.2 if residual else 0.0
    return apply_common_options(
        scale_width(spec, width_multiplier),
        layout=layout,
        depth_multiplier=depth_multiplier,
        residual=residual,
        norm=norm,
        activation=activation,
        stochastic_depth=stochastic_depth,
        dropout=default_dropout if dropout is None else dropout,
        padding=padding,
    )
