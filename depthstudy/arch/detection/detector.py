"""Detectors for small images on a backbone of any family."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from depthstudy.arch.detection.efficientdet import headless
from depthstudy.arch.detection.spec import (
    DetectionHeadSpec,
    DetectorSpec,
    Fusion,
    PyramidSpec,
    tapped_levels,
)
from depthstudy.arch.families import FAMILIES
from depthstudy.arch.families.building import call_builder
from depthstudy.arch.spec import ArchSpec
from depthstudy.arch.transforms.training_aids import with_training_aids
from depthstudy.errors import InputError

_LEVELS = 3  # of a pyramid whose levels are not given
_COARSEST = 4  # level that a backbone has at the least, where its stem may halve for it


def detector(
    *,
    backbone: str = "resnet",
    channels: int = 32,
    cells: int = 1,
    head_repeats: int = 1,
    fusion: Fusion = "fast",
    residual_pyramid: bool = False,
    min_level: int | None = None,
    max_level: int | None = None,
    stem_halvings: int | None = None,
    anchor_scale: float = 4.0,
    num_classes: int = 10,
    **backbone_options: Any,
) -> DetectorSpec:
    """Returns a detector with the parts of EfficientDet on another backbone.

    >>> from depthstudy import arch
    >>> spec = detector(backbone="resnet", depth=8, layout="cifar", width=8, cells=2)
    >>> spec.pyramid.levels, arch.cost(spec, (64, 64, 1)).depth
    ((2, 3, 4), 27)

    Args:
      backbone: A family of classifiers.
      channels: Channels of the pyramid.
      cells: Cells of the pyramid.
      head_repeats: Convolutions of each head before the predicting one.
      fusion: As in ``PyramidSpec``.
      residual_pyramid: Whether every cell but the first has a shortcut around it.
      min_level: Finest level of the pyramid, which has a pixel for ``2**min_level`` of the image's.
        Default the third from above that the backbone has.
      max_level: Coarsest level. Default the coarsest that the backbone has, or the one after
        ``min_level`` if that is coarser; stages of the backbone beyond it are left out.
      stem_halvings: How often the stem halves the image, at the least: 0, 1 (stride 2) or 2 (and
        pooling). Stems that do so by themselves stay as they are. Default the fewest with which the
        backbone has a level 4, so that the anchors of its finest levels are not too large.
      anchor_scale: As in ``DetectionHeadSpec``.
      num_classes: Classes of objects.
      **backbone_options: What the backbone's family takes, as ``depth`` or ``layout``.

    Raises:
      InputError: There is no such family, it takes no such option, or only in its head, or lacks
        a level.
    """
    built = _classifier(backbone, num_classes, backbone_options)
    body = headless(built, num_classes)
    if "dropout" in backbone_options:
        others = {name: x for name, x in backbone_options.items() if name != "dropout"}
        without = _classifier(backbone, num_classes, others)
        if built != without and body == headless(without, num_classes):
            raise InputError(f"dropout is in the head of {backbone}, which a detector has not")
    body = _halved(body, _fewest_halvings(body) if stem_halvings is None else stem_halvings)
    levels = tapped_levels(body)
    least = max(min(levels), max(levels) - _LEVELS + 1) if min_level is None else min_level
    most = max(*levels, least + 1) if max_level is None else max_level
    kept = [stage for level, stage in levels.items() if level <= most]
    body = dataclasses.replace(body, stages=body.stages[: max(kept, default=0)])
    if not body.stages:
        raise InputError(f"this {backbone} has no level up to {most}; its levels: {[*levels]}")
    return DetectorSpec(
        family=f"{built.family}_detector",
        backbone=body,
        pyramid=PyramidSpec(
            channels=channels,
            cells=cells,
            min_level=least,
            max_level=most,
            fusion=fusion,
            residual=residual_pyramid,
        ),
        heads=DetectionHeadSpec(
            num_classes=num_classes, repeats=head_repeats, anchor_scale=float(anchor_scale)
        ),
    )


def _classifier(family: str, num_classes: int, options: Mapping[str, Any]) -> ArchSpec:
    spec, aids = call_builder(FAMILIES, family, {"num_classes": num_classes, **options})
    return with_training_aids(spec, **aids)


def _fewest_halvings(backbone: ArchSpec) -> int:
    for halvings in (0, 1):
        if max(tapped_levels(_halved(backbone, halvings))) >= _COARSEST:
            return halvings
    return 2


def _halved(backbone: ArchSpec, halvings: int) -> ArchSpec:
    """Returns a backbone whose stem halves the image so often at the least."""
    if halvings not in (0, 1, 2):
        raise InputError(f"stem_halvings is {halvings}; allowed: 0, 1 or 2")
    stem = backbone.stem
    if stem.halvings >= halvings:
        return backbone
    stem = dataclasses.replace(stem, stride=2, pool=stem.pool or halvings == 2)
    return dataclasses.replace(backbone, stem=stem)
