"""ConvNeXt: a ResNet brought up to date, with few normalizations and large depthwise kernels.

Liu et al. 2022, "A ConvNet for the 2020s" (arXiv 2201.03545); as in torchvision's weights, and in
timm's for the nets that are smaller than the paper's.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from depthstudy.arch.families.options import apply_common_options, map_blocks, repeated
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind, Norm
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width
from depthstudy.errors import InputError

Variant = Literal["atto", "femto", "pico", "nano", "tiny", "small", "base", "large", "xlarge"]

_EXPANSION = 4  # inner over output channels
# Blocks of the four stages, channels of the first; each next stage has twice as many.
_VARIANTS = {
    "atto": ((2, 2, 6, 2), 40),
    "femto": ((2, 2, 6, 2), 48),
    "pico": ((2, 2, 6, 2), 64),
    "nano": ((2, 2, 8, 2), 80),
    "tiny": ((3, 3, 9, 3), 96),
    "small": ((3, 3, 27, 3), 96),
    "base": ((3, 3, 27, 3), 128),
    "large": ((3, 3, 27, 3), 192),
    "xlarge": ((3, 3, 27, 3), 256),
}


@with_options_of(apply_common_options)
def convnext(
    *,
    variant: Variant = "tiny",
    width_multiplier: float = 1.0,
    residual: bool = True,
    norm: Norm = "layer",
    activation: ActivationKind = "gelu",
    layer_scale: float | None = None,
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns ConvNeXt.

    Args:
      variant: Which of the published nets.
      width_multiplier: Factor of all channels, rounded to multiples of 8.
      layout: As in ``apply_common_options``; ``"small"`` has a 3x3 stem in the place of patches.
      residual: Whether blocks have shortcuts; without, they have no layer scale either.
      norm: As in ``apply_common_options``.
      activation: As in ``BlockSpec``.
      layer_scale: As in ``BlockSpec``; 0 is none. Default 1e-6; 0 without shortcuts.
      stochastic_depth: As in ``ArchSpec``; the paper trains with 0.1 to 0.5.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.

    Raises:
      InputError: The layer scale is below 0, or has no shortcuts beside it.
    """
    if layer_scale is None:
        layer_scale = 1e-6 if residual else 0.0
    if layer_scale < 0 or (layer_scale and not residual):
        raise InputError(
            f"layer_scale={layer_scale} must be at least 0, and needs residual=True above it"
        )
    counts, width = _VARIANTS[variant]
    spec = ArchSpec(
        family="convnext",
        stem=StemSpec(filters=width, kernel=4, stride=4, norm="layer", norm_only=True),
        stages=tuple(_stage(width * 2**n, n, count) for n, count in enumerate(counts)),
        head=HeadSpec(num_classes=num_classes, pooled_norm="layer"),
        norm_epsilon=1e-6 if norm == "layer" else 1e-5,
        biased=True,
        resolution=224,
    )
    spec = apply_common_options(
        scale_width(spec, width_multiplier),
        residual=residual,
        norm=norm,
        activation=activation,
        **options,
    )
    return map_blocks(spec, lambda block: dataclasses.replace(block, layer_scale=layer_scale))


def _stage(filters: int, number: int, count: int) -> tuple[BlockSpec, ...]:
    """Returns stage ``number``, counted from 0; all but the first halve the image."""
    block = BlockSpec(kind="convnext", filters=filters, inner=_EXPANSION * filters, kernel=7)
    return repeated(block, count, stride=1 if number == 0 else 2)
