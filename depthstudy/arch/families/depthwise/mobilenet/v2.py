"""MobileNetV2: inverted residual blocks with linear bottlenecks.

Sandler et al. 2018 (arXiv 1801.04381); names and numbers as in torchvision's weights.
"""

from __future__ import annotations

import dataclasses

from depthstudy.arch.families.depthwise.inverted import Row, inverted_block, inverted_stages
from depthstudy.arch.families.options import Layout, apply_common_options
from depthstudy.arch.literals import ActivationKind, Norm, Padding
from depthstudy.arch.spec import ArchSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.scaling import scale_width

_ROWS = (
    Row(1, 16, 1, 1),
    Row(6, 24, 2, 2),
    Row(6, 32, 3, 2),
    Row(6, 64, 4, 2),
    Row(6, 96, 3, 1),
    Row(6, 160, 3, 2),
    Row(6, 320, 1, 1),
)
_HEAD = 1280


def mobilenet_v2(
    *,
    width_multiplier: float = 1.0,
    depth_multiplier: float = 1.0,
    layout: Layout = "imagenet",
    residual: bool = True,
    norm: Norm = "batch",
    activation: ActivationKind = "relu6",
    stochastic_depth: float = 0.0,
    dropout: float = 0.2,
    padding: Padding = "torch",
    num_classes: int = 1000,
) -> ArchSpec:
    """Returns MobileNetV2.

    Args:
      width_multiplier: Factor of all channels, rounded to multiples of 8; the head never gets
        narrower.
      depth_multiplier: As in ``apply_common_options``.
      layout: As in ``apply_common_options``.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      norm: As in ``apply_common_options``.
      activation: As in ``BlockSpec``.
      stochastic_depth: As in ``ArchSpec``.
      dropout: As in ``HeadSpec``.
      padding: As in ``ArchSpec``.
      num_classes: Number of logits.
    """
    stem = StemSpec(filters=32, stride=2, activation="relu6")
    spec = ArchSpec(
        family="mobilenet_v2",
        stem=stem,
        stages=inverted_stages(_ROWS, stem.filters, inverted_block(activation="relu6")),
        head=HeadSpec(num_classes=num_classes, activated=True, activation="relu6", filters=_HEAD),
        resolution=224,
    )
    spec = scale_width(spec, width_multiplier)
    head = dataclasses.replace(spec.head, filters=max(_HEAD, spec.head.filters))
    return apply_common_options(
        dataclasses.replace(spec, head=head),
        layout=layout,
        depth_multiplier=depth_multiplier,
        residual=residual,
        norm=norm,
        activation=activation,
        stochastic_depth=stochastic_depth,
        dropout=dropout,
        padding=padding,
    )
