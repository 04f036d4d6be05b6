"""EfficientNet-Lite: EfficientNet for small devices, without gates, with a fixed stem and head.

Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite" (the TensorFlow blog).
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from depthstudy.arch.families.depthwise.efficientnet import HEAD, ROWS, stochastic_depth_rate
from depthstudy.arch.families.depthwise.inverted import inverted_block, inverted_stages
from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind, Padding
from depthstudy.arch.spec import ArchSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_depth, scale_width

# Factors of width and depth, resolution and dropout.
_VARIANTS = {
    "lite0": (1.0, 1.0, 224, 0.2),
    "lite1": (1.0, 1.1, 240, 0.2),
    "lite2": (1.1, 1.2, 260, 0.3),
    "lite3": (1.2, 1.4, 280, 0.3),
    "lite4": (1.4, 1.8, 300, 0.3),
}


@with_options_of(apply_common_options)
def efficientnet_lite(
    *,
    variant: Literal["lite0", "lite1", "lite2", "lite3", "lite4"] = "lite0",
    width_multiplier: float = 1.0,
    residual: bool = True,
    activation: ActivationKind = "relu6",
    stochastic_depth: float | None = None,
    dropout: float | None = None,
    padding: Padding = "same",
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns EfficientNet-Lite, with TensorFlow's padding and normalization.

    Args:
      variant: Which of the published scalings.
      width_multiplier: Factor of the blocks' channels, on top of the variant's.
      depth_multiplier: Factor of the blocks of each stage, on top of the variant's.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      activation: As in ``BlockSpec``.
      stochastic_depth: As in ``ArchSpec``. Default 0.2; 0 without shortcuts.
      dropout: As in ``HeadSpec``. Default 0.2 or 0.3, by variant.
      padding: As in ``ArchSpec``; published weights have ``"same"``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.
    """
    width_factor, depth_factor, resolution, default_dropout = _VARIANTS[variant]
    stem = StemSpec(filters=32, stride=2, activation="relu6")
    spec = ArchSpec(
        family="efficientnet_lite",
        stem=stem,
        stages=inverted_stages(ROWS, stem.filters, inverted_block(activation="relu6")),
        head=HeadSpec(num_classes=num_classes, activated=True, activation="relu6", filters=HEAD),
        norm_epsilon=1e-3,
        norm_momentum=0.99,
        resolution=resolution,
    )
    spec = _scaled(_scaled(spec, width_factor, depth_factor), width_multiplier, 1.0)
    return apply_common_options(
        spec,
        residual=residual,
        activation=activation,
        stochastic_depth=stochastic_depth_rate(stochastic_depth, residual=residual),
        dropout=default_dropout if dropout is None else dropout,
        padding=padding,
        **options,
    )


def _scaled(spec: ArchSpec, width: float, depth: float) -> ArchSpec:
    """Scales the blocks alone; stem, head and the number of blocks at either end stay."""
    scaled = scale_depth(scale_width(spec, width), depth)
    first, *middle, last = scaled.stages
    ends = (first[: len(spec.stages[0])], last[: len(spec.stages[-1])])
    return dataclasses.replace(
        scaled, stem=spec.stem, stages=(ends[0], *middle, ends[1]), head=spec.head
    )
