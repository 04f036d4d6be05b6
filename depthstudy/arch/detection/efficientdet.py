"""EfficientDet D0 to D7x (Tan, Pang & Le 2020, arXiv 1911.09070), as published in google/automl."""

from __future__ import annotations

import dataclasses
from typing import Literal, NamedTuple

from depthstudy.arch.detection.spec import DetectionHeadSpec, DetectorSpec, Fusion, PyramidSpec
from depthstudy.arch.families.depthwise.efficientnet import efficientnet
from depthstudy.arch.literals import Padding
from depthstudy.arch.rounding import divisible
from depthstudy.arch.spec import ArchSpec, HeadSpec
from depthstudy.errors import InputError

Variant = Literal["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d7x"]

_EPSILON, _MOMENTUM = 1e-3, 0.99


class _Row(NamedTuple):
    backbone: Literal["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"]
    resolution: int
    channels: int
    cells: int
    repeats: int
    max_level: int = 7
    fusion: Fusion = "fast"
    anchor_scale: float = 4.0


# The table of the paper; its formulas of scaling do not give D5 to D7.
_VARIANTS: dict[str, _Row] = {
    "d0": _Row("b0", 512, 64, 3, 3),
    "d1": _Row("b1", 640, 88, 4, 3),
    "d2": _Row("b2", 768, 112, 5, 3),
    "d3": _Row("b3", 896, 160, 6, 4),
    "d4": _Row("b4", 1024, 224, 7, 4),
    "d5": _Row("b5", 1280, 288, 7, 4),
    "d6": _Row("b6", 1280, 384, 8, 5, fusion="sum"),
    "d7": _Row("b6", 1536, 384, 8, 5, fusion="sum", anchor_scale=5.0),
    "d7x": _Row("b7", 1536, 384, 8, 5, max_level=8, fusion="sum"),
}


def efficientdet(
    *,
    variant: Variant = "d0",
    depth_multiplier: float = 1.0,
    width_multiplier: float = 1.0,
    cells: int | None = None,
    head_repeats: int | None = None,
    channels: int | None = None,
    fusion: Fusion | None = None,
    residual_pyramid: bool = False,
    residual: bool = True,
    stochastic_depth: float | None = None,
    anchor_scale: float | None = None,
    padding: Padding = "same",
    norm_epsilon: float | None = None,
    num_classes: int = 90,
) -> DetectorSpec:
    """Returns EfficientDet.

    Args:
      variant: Which of the published scalings.
      depth_multiplier: Factor of the blocks of each stage of the backbone.
      width_multiplier: Factor of all channels, of backbone and pyramid, on top of the variant's.
      cells: Cells of the pyramid. Default 3 to 8, by variant.
      head_repeats: Convolutions of each head before the predicting one. Default 3 to 5, by variant.
      channels: Channels of the pyramid. Default 64 to 384, by variant.
      fusion: As in ``PyramidSpec``. Default ``"sum"`` for d6 to d7x, ``"fast"`` below.
      residual_pyramid: Whether every cell but the first has a shortcut around it.
      residual: Whether the backbone has shortcuts.
      stochastic_depth: As in ``ArchSpec``, of the backbone. Default 0.2; 0 without shortcuts.
      anchor_scale: As in ``DetectionHeadSpec``. Default 4; 5 for d7.
      padding: ``"same"`` is that of the published nets. With ``"torch"`` it is what ``effdet``
        trained anew: no bias before normalizations, and an epsilon of 1e-5 in the backbone.
      norm_epsilon: What the backbone's normalizations add to the variance. Default 1e-3, and
        1e-5 with ``padding="torch"``.
      num_classes: Classes of objects.
    """
    row = _VARIANTS[variant]
    published = padding == "same"
    default_epsilon = _EPSILON if published else 1e-5
    backbone = efficientnet(
        variant=row.backbone,
        depth_multiplier=depth_multiplier,
        width_multiplier=width_multiplier,
        residual=residual,
        stochastic_depth=stochastic_depth,
        padding=padding,
        norm_epsilon=default_epsilon if norm_epsilon is None else norm_epsilon,
        num_classes=num_classes,
    )
    width = divisible(row.channels * width_multiplier) if channels is None else channels
    return DetectorSpec(
        family="efficientdet" if residual else "efficientdet_plain",
        backbone=dataclasses.replace(headless(backbone, num_classes), norm_momentum=_MOMENTUM),
        pyramid=PyramidSpec(
            channels=width,
            cells=row.cells if cells is None else cells,
            max_level=row.max_level,
            fusion=fusion or row.fusion,
            residual=residual_pyramid,
        ),
        heads=DetectionHeadSpec(
            num_classes=num_classes,
            repeats=row.repeats if head_repeats is None else head_repeats,
            anchor_scale=row.anchor_scale if anchor_scale is None else float(anchor_scale),
        ),
        norm_epsilon=_EPSILON,
        biased=published,
        resolution=row.resolution,
    )


def headless(backbone: ArchSpec, num_classes: int) -> ArchSpec:
    """Returns a backbone with the plainest head, as nothing reads it.

    Raises:
      InputError: The backbone has layers before its first stage only.
    """
    if not backbone.stages:
        raise InputError(f"{backbone.family} has no blocks, which a detector taps")
    return dataclasses.replace(backbone, head=HeadSpec(num_classes=num_classes), resolution=None)
