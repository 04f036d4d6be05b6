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

from depthstudy.arch.cost import Cost, LayerCost, cost, layer_costs
from depthstudy.arch.resnet import plain, preact_resnet, resnet
from depthstudy.arch.spec import ArchSpec, BlockSpec, HeadSpec, StemSpec
from depthstudy.errors import InputError

FAMILIES: Mapping[str, Callable[..., ArchSpec]] = {
    "plain": plain,
    "preact_resnet": preact_resnet,
    "resnet": resnet,
}


def build(family: str, **options: Any) -> ArchSpec:
    """Returns a member of a family, as ``build("plain", depth=56, layout="cifar")``.

    Args:
      family: A key of ``FAMILIES``.
      **options: What the family's builder takes.

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
        if name not in parameters:
            raise InputError(
                f"family {family!r} takes no option {name!r}; allowed: {', '.join(parameters)}"
            )
    _check_words(builder, options)
    for name, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in options:
            raise InputError(f"family {family!r} needs the option {name!r}")
    return builder(**options)


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
    "Cost",
    "HeadSpec",
    "LayerCost",
    "StemSpec",
    "build",
    "cost",
    "layer_costs",
]
