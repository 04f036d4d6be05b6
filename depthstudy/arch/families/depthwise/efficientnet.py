"""EfficientNet: a searched net, scaled in depth, width and resolution together.

Tan & Le 2019, "EfficientNet" (arXiv 1905.11946); as in torchvision's weights.
"""

from __future__ import annotations

from typing import Literal

from depthstudy.arch.families.depthwise.inverted import Row, inverted_block, inverted_stages
from depthstudy.arch.families.options import Layout, apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_depth, scale_width

ROWS = (
    Row(1, 16, 1, 1),
    Row(6, 24, 2, 2),
    Row(6, 40, 2, 2, kernel=5),
    Row(6, 80, 3, 2),
    Row(6, 112, 3, 1, kernel=5),
    Row(6, 192, 4, 2, kernel=5),
    Row(6, 320, 1, 1),
)
HEAD = 1280

# Factors of width and depth, resolution and dropout.
_VARIANTS = {
    "b0": (1.0, 1.0, 224, 0.2),
    "b1": (1.0, 1.1, 240, 0.2),
    "b2": (1.1, 1.2, 260, 0.3),
    "b3": (1.2, 1.4, 300, 0.3),
    "b4": (1.4, 1.8, 380, 0.4),
    "b5": (1.6, 2.2, 456, 0.4),
    "b6": (1.8, 2.6, 528, 0.5),
    "b7": (2.0, 3.1, 600, 0.5),
}
_TENSORFLOW_NORM = ("b5", "b6", "b7")  # whose weights were trained with TensorFlow's settings


def efficientnet(
    *,
    variant: Literal["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"] = "b0",
    width_multiplier: float = 1.0,
    depth_multiplier: float = 1.0,
    layout: Layout = "imagenet",
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind = "silu",
    stochastic_depth: float | None = None,
    dropout: float | None = None,
    padding: Padding = "torch",
    norm_epsilon: float | None = None,
    num_classes: int = 1000,
) -> ArchSpec:
    """Returns EfficientNet.

    Args:
      variant: Which of the published scalings.
      width_multiplier: Factor of all channels, on top of the variant's.
      depth_multiplier: Factor of the blocks of each stage, on top of the variant's.
      layout: As in ``apply_common_options``.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      norm: As in ``apply_common_options``.
      activation: Activation outside the gates.
      stochastic_depth: As in ``ArchSpec``. Default 0.2; 0 without shortcuts.
      dropout: As in ``HeadSpec``. Default 0.2 to 0.5, by variant.
      padding: As in ``ArchSpec``; TensorFlow's weights have ``"same"``.
      norm_epsilon: As in ``ArchSpec``. Default that of torchvision's weights: 1e-3 for b5 to b7,
        whose running statistics are slower as well, and 1e-5 below. TensorFlow's have 1e-3.
      num_classes: Number of logits.
    """
    width_factor, depth_factor, resolution, default_dropout = _VARIANTS[variant]
    stem = StemSpec(filters=32, stride=2, activation="silu")
    like = inverted_block(activation="silu", squeeze=4, squeeze_activation="silu")
    slow = variant in _TENSORFLOW_NORM
    spec = ArchSpec(
        family="efficientnet",
        stem=stem,
        stages=inverted_stages(ROWS, stem.filters, like),
        head=HeadSpec(num_classes=num_classes, activated=True, activation="silu", filters=HEAD),
        norm_epsilon=norm_epsilon or (1e-3 if slow else 1e-5),
        norm_momentum=0.99 if slow else 0.9,
        resolution=resolution,
    )
    spec = scale_depth(scale_width(spec, width_factor), depth_factor)
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
