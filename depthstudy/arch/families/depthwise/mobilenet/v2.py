"""MobileNetV2: inverted residual blocks with linear bottlenecks.

Sandler et al. 2018 (arXiv 1801.04381); names and numbers as in torchvision's weights.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from depthstudy.arch.families.depthwise.inverted import Row, inverted_block, inverted_stages
from depthstudy.arch.families.options import apply_common_options
from depthstudy.arch.families.signatures import with_options_of
from depthstudy.arch.literals import ActivationKind
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


@with_options_of(apply_common_options)
def mobilenet_v2(
    *,
    width_multiplier: float = 1.0,
    activation: ActivationKind = "relu6",
    dropout: float = 0.2,
    num_classes: int = 1000,
    **options: Any,
) -> ArchSpec:
    """Returns MobileNetV2.

    Args:
      width_multiplier: Factor of all channels, rounded to multiples of 8; the head never gets
        narrower.
      residual: Whether blocks of stride 1 and equal channels have a shortcut.
      activation: As in ``BlockSpec``.
      dropout: As in ``HeadSpec``.
      num_classes: Number of logits.
      **options: Further ones of ``apply_common_options``.
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
        dataclasses.replace(spec, head=head), activation=activation, dropout=dropout, **options
    )
