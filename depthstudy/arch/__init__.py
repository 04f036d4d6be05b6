"""Architectures as values: what they are, what they cost, and how families build them.

Standard library only; nothing here knows JAX.

>>> spec = build("resnet", depth=50)
>>> cost(spec, (224, 224, 3)).parameters
25557032
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal, overload

from depthstudy.arch.channels import ChannelGroup, Place, channel_groups
from depthstudy.arch.cost import Cost, LayerCost
from depthstudy.arch.detection import DETECTORS
from depthstudy.arch.detection.cost import cost, layer_costs
from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.arch.families import FAMILIES
from depthstudy.arch.families.building import call_builder
from depthstudy.arch.module_spec import ModuleSpec, Spec, spec_from_json
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.transforms.narrow import narrow, remaining
from depthstudy.arch.transforms.scaling import (
    scale_compound,
    scale_depth,
    scale_resolution,
    scale_width,
)
from depthstudy.arch.transforms.training_aids import with_training_aids


def families() -> Mapping[str, Callable[..., ArchSpec | DetectorSpec]]:
    """Returns the builders of all families, of classifiers and of detectors."""
    return {**FAMILIES, **DETECTORS}


@overload
def build(family: Literal["detector", "efficientdet"], **options: Any) -> DetectorSpec: ...


@overload
def build(family: str, **options: Any) -> ArchSpec: ...


def build(family: str, **options: Any) -> ArchSpec | DetectorSpec:
    """Returns a member of a family.

    >>> build("plain", depth=56, layout="cifar").stages[0][0].residual
    False
    >>> build("resnext", depth=50, groups=32, width_per_group=4).stages[0][0].groups
    32

    Args:
      family: A key of ``FAMILIES``, or of ``DETECTORS``.
      **options: What the family's builder takes, and what ``with_training_aids`` does. A builder
        with ``**kwargs`` is given all that it does not name, those of ``with_training_aids`` left
        out.

    Raises:
      InputError: No such family or option, or an option's value is not allowed.
    """
    spec, aids = call_builder(families(), family, options)
    if isinstance(spec, DetectorSpec):
        return dataclasses.replace(spec, backbone=with_training_aids(spec.backbone, **aids))
    return with_training_aids(spec, **aids)


__all__ = [
    "DETECTORS",
    "FAMILIES",
    "ArchSpec",
    "BlockSpec",
    "ChannelGroup",
    "Cost",
    "DetectorSpec",
    "HeadSpec",
    "LayerCost",
    "ModuleSpec",
    "Place",
    "Spec",
    "StemSpec",
    "build",
    "channel_groups",
    "cost",
    "families",
    "layer_costs",
    "narrow",
    "remaining",
    "scale_compound",
    "scale_depth",
    "scale_resolution",
    "scale_width",
    "spec_from_json",
]
