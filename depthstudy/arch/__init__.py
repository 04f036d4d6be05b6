"""Architectures as values: what they are, what they cost, and how families build them.

Standard library only; nothing here knows JAX.

>>> spec = build("resnet", depth=50)
>>> cost(spec, (224, 224, 3)).parameters
25557032
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, overload

from depthstudy.arch.channels import ChannelGroup, Place, channel_groups
from depthstudy.arch.cost import Cost, LayerCost
from depthstudy.arch.detection import DETECTORS
from depthstudy.arch.detection.cost import cost, layer_costs
from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.arch.families import FAMILIES
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
from depthstudy.errors import InputError, did_you_mean

_TRAINING_AIDS = ("init", "init_scale", "skip_init", "branches")
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


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
    builders = families()
    if family not in builders:
        hint = did_you_mean(str(family), builders)
        raise InputError(f"no family {family!r}{hint} allowed: {', '.join(sorted(builders))}")
    builder = builders[family]
    parameters = inspect.signature(builder).parameters.values()
    named = [parameter for parameter in parameters if parameter.kind in _NAMED]
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    names = [parameter.name for parameter in named]
    allowed = list(dict.fromkeys([*names, *_TRAINING_AIDS]))
    for name in options:
        if name not in allowed and not takes_any:
            raise InputError(
                f"family {family!r} takes no option {name!r}{did_you_mean(name, allowed)} allowed: "
                f"{', '.join(allowed)}"
            )
    aids = {name: options[name] for name in _TRAINING_AIDS if name in options and name not in names}
    others = {name: value for name, value in options.items() if name not in aids}
    _check_words(builder, others)
    _check_words(with_training_aids, aids)
    for parameter in named:
        if parameter.default is inspect.Parameter.empty and parameter.name not in options:
            raise InputError(f"family {family!r} needs the option {parameter.name!r}")
    spec = builder(**others)
    if isinstance(spec, DetectorSpec):
        return dataclasses.replace(spec, backbone=with_training_aids(spec.backbone, **aids))
    return with_training_aids(spec, **aids)


def _check_words(
    builder: Callable[..., ArchSpec | DetectorSpec], options: Mapping[str, Any]
) -> None:
    """Refuses a word where the builder's type hint lists others."""
    for name, hint in typing.get_type_hints(builder).items():
        hints = [hint, *typing.get_args(hint)]
        literals = [hint for hint in hints if typing.get_origin(hint) is typing.Literal]
        words = [word for literal in literals for word in typing.get_args(literal)]
        value = options.get(name)
        if isinstance(value, str) and words and value not in words:
            raise InputError(f"no {name} {value!r}; allowed: {', '.join(words)}")


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
