"""Calls of a family's builder with options by name, each of which it is known to take."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from depthstudy.arch.transforms.training_aids import with_training_aids
from depthstudy.errors import InputError, did_you_mean

Built = TypeVar("Built")

_TRAINING_AIDS = ("init", "init_scale", "skip_init", "branches")
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def call_builder(
    builders: Mapping[str, Callable[..., Built]], family: str, options: Mapping[str, Any]
) -> tuple[Built, Mapping[str, Any]]:
    """Returns what a family's builder makes, and the options left for ``with_training_aids``.

    Args:
      builders: The families.
      family: A key of them.
      options: As ``arch.build`` takes them.

    Raises:
      InputError: No such family or option, or an option's value is not allowed.
    """
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
    return builder(**others), aids


def _check_words(builder: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Refuses a word where the builder's type hint lists others."""
    for name, hint in typing.get_type_hints(builder).items():
        hints = [hint, *typing.get_args(hint)]
        literals = [hint for hint in hints if typing.get_origin(hint) is typing.Literal]
        words = [word for literal in literals for word in typing.get_args(literal)]
        value = options.get(name)
        if isinstance(value, str) and words and value not in words:
            raise InputError(f"no {name} {value!r}; allowed: {', '.join(words)}")
