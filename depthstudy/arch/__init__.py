"""Architectures as values: what they are, what they cost, and how families build them.

Standard library only; nothing here knows JAX.

>>> spec = build("resnet", depth=50)
>>> cost(spec, (224, 224, 3)).parameters
25557032
"""

from __future__ import annotations

import difflib
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from depthstudy.arch.channels import ChannelGroup, Place, channel_groups
from depthstudy.arch.cost import Cost, LayerCost, cost, layer_costs
from depthstudy.arch.families.efficientnet import efficientnet
from depthstudy.arch.families.efficientnet_lite import efficientnet_lite
from depthstudy.arch.families.mobilenet_v1 import mobilenet_v1
from depthstudy.arch.families.mobilenet_v2 import mobilenet_v2
from depthstudy.arch.families.mobilenet_v3 import mobilenet_v3
from depthstudy.arch.families.resnet import plain, preact_resnet, resnet
from depthstudy.arch.families.shufflenet_v1 import shufflenet_v1
from depthstudy.arch.families.shufflenet_v2 import shufflenet_v2
from depthstudy.arch.families.vgg import vgg
from depthstudy.arch.families.wide_resnet import wide_resnet
from depthstudy.arch.module_spec import ModuleSpec, Spec, spec_from_json
from depthstudy.arch.narrow import Keep, narrow, remaining
from depthstudy.arch.scaling import scale_compound, scale_depth, scale_resolution, scale_width
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.arch.training_aids import with_training_aids
from depthstudy.errors import InputError

FAMILIES: Mapping[str, Callable[..., ArchSpec]] = {
    "efficientnet": efficientnet,
    "efficientnet_lite": efficientnet_lite,
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3": mobilenet_v3,
    "plain": plain,
    "preact_resnet": preact_resnet,
    "resnet": resnet,
    "shufflenet_v1": shufflenet_v1,
    "shufflenet_v2": shufflenet_v2,
    "vgg": vgg,
    "wide_resnet": wide_resnet,
}
_OF_EVERY_FAMILY = ("init", "init_scale", "skip_init", "branches")


def build(family: str, **options: Any) -> ArchSpec:
    """Returns a member of a family, as ``build("plain", depth=56, layout="cifar")``.

    Args:
      family: A key of ``FAMILIES``.
      **options: What the family's builder takes, and what ``with_training_aids`` does.

    Raises:
      InputError: No such family or option, or an option's value is not allowed.
    """
    if family not in FAMILIES:
        near = difflib.get_close_matches(str(family), FAMILIES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ";"
        raise InputError(f"no family {family!r}{hint} allowed: {', '.join(sorted(FAMILIES))}")
    builder = FAMILIES[family]
    parameters = inspect.signature(builder).parameters
    for name in options:
        if name not in (*parameters, *_OF_EVERY_FAMILY):
            allowed = ", ".join([*parameters, *_OF_EVERY_FAMILY])
            raise InputError(f"family {family!r} takes no option {name!r}; allowed: {allowed}")
    _check_words(builder, options)
    _check_words(with_training_aids, options)
    for name, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in options:
            raise InputError(f"family {family!r} needs the option {name!r}")
    own = {name: value for name, value in options.items() if name in parameters}
    others = {name: value for name, value in options.items() if name not in parameters}
    return with_training_aids(builder(**own), **others)


def _check_words(builder: Callable[..., ArchSpec], options: Mapping[str, Any]) -> None:
    """Refuses a word where the builder's type hint lists others."""
    for name, hint in typing.get_type_hints(builder).items():
        kinds = [hint, *typing.get_args(hint)]
        literals = [kind for kind in kinds if typing.get_origin(kind) is typing.Literal]
        words = [word for kind in literals for word in typing.get_args(kind)]
        value = options.get(name)
        if isinstance(value, str) and words and value not in words:
            raise InputError(f"no {name} {value!r}; allowed: {', '.join(words)}")


__all__ = [
    "FAMILIES",
    "ArchSpec",
    "BlockSpec",
    "ChannelGroup",
    "Cost",
    "HeadSpec",
    "Keep",
    "LayerCost",
    "ModuleSpec",
    "Place",
    "Spec",
    "StemSpec",
    "build",
    "channel_groups",
    "cost",
    "layer_costs",
    "narrow",
    "remaining",
    "scale_compound",
    "scale_depth",
    "scale_resolution",
    "scale_width",
    "spec_from_json",
]
