"""EfficientNetV2: EfficientNet whose early blocks are of dense convolutions.

Tan & Le 2021, "EfficientNetV2: Smaller Models and Faster Training" (arXiv 2104.00298); as in
torchvision's weights.
"""

from __future__ import annotations

from typing import Any, Literal

from depthstudy.arch.families.depthwise.efficientnet import stochastic_depth_rate
from depthstudy.arch.families.depthwise.inverted import Row, inverted_block, inverted_stages
from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
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


@with_options_of(apply_common_options)
def efficientnet_v2(
    *,
    variant: Literal["s", "m", "l"] = "s",
    width_multiplier: float = 1.0,
    residual: bool = True,
    activation: ActivationKind = "silu",
    stochastic_depth: float | None = None,
    dropout: float | None = None,
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns EfficientNetV2.

    Args:
      variant: Which of the published nets.
      width_multiplier: Factor of all channels, rounded to multiples of 8.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      activation: Activation outside the gates.
      stochastic_depth: As in ``ArchSpec``. Default 0.2; 0 without shortcuts.
      dropout: As in ``HeadSpec``. Default 0.2 to 0.4, by variant.
      padding: As in ``ArchSpec``; TensorFlow's weights have ``"same"``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.
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
    return apply_common_options(
        scale_width(spec, width_multiplier),
        residual=residual,
        activation=activation,
        stochastic_depth=stochastic_depth_rate(stochastic_depth, residual=residual),
        dropout=default_dropout if dropout is None else dropout,
        **options,
    )
