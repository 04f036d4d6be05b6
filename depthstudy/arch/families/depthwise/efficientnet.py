"""EfficientNet: a searched net, scaled in depth, width and resolution together.

Tan & Le 2019, "EfficientNet" (arXiv 1905.11946); as in torchvision's weights.
"""

from __future__ import annotations

from typing import Any, Literal

from depthstudy.arch.families.depthwise.inverted import Row, inverted_block, inverted_stages
from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
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


@with_options_of(apply_common_options)
def efficientnet(
    *,
    variant: Literal["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"] = "b0",
    width_multiplier: float = 1.0,
    residual: bool = True,
    activation: ActivationKind = "silu",
    stochastic_depth: float | None = None,
    dropout: float | None = None,
    norm_epsilon: float | None = None,
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns EfficientNet.

    Args:
      variant: Which of the published scalings.
      width_multiplier: Factor of all channels, on top of the variant's.
      depth_multiplier: Factor of the blocks of each stage, on top of the variant's.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      activation: Activation outside the gates.
      stochastic_depth: As in ``ArchSpec``. Default 0.2; 0 without shortcuts.
      dropout: As in ``HeadSpec``. Default 0.2 to 0.5, by variant.
      padding: As in ``ArchSpec``; TensorFlow's weights have ``"same"``.
      norm_epsilon: As in ``ArchSpec``. Default that of torchvision's weights: 1e-3 for b5 to b7,
        whose running statistics are slower as well, and 1e-5 below. TensorFlow's have 1e-3.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.
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
        norm_epsilon=(1e-3 if slow else 1e-5) if norm_epsilon is None else norm_epsilon,
        norm_momentum=0.99 if slow else 0.9,
        resolution=resolution,
    )
    spec = scale_depth(scale_width(spec, width_factor), depth_factor)
    return apply_common_options(
        scale_width(spec, width_multiplier),
        residual=residual,
        activation=activation,
        stochastic_depth=stochastic_depth_rate(stochastic_depth, residual=residual),
        dropout=default_dropout if dropout is None else dropout,
        **options,
    )


def stochastic_depth_rate(given: float | None, *, residual: bool) -> float:
    """Returns the rate that is given, or else the published one, which needs shortcuts."""
    return given if given is not None else 0.2 if residual else 0.0
