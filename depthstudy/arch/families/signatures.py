"""Builders that take another function's options beside their own."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from depthstudy.arch.spec import ArchSpec

Builder = TypeVar("Builder", bound=Callable[..., ArchSpec])

# The name and the lines of each argument that a docstring describes.
_ARGUMENTS = re.compile(r"^  (\*{0,2}\w+): .*\n?(?:^   +\S.*\n?)*", re.MULTILINE)


def with_options_of(
    base: Callable[..., ArchSpec], *, without: Collection[str] = ()
) -> Callable[[Builder], Builder]:
    """Returns a decorator that gives a builder the options of ``base`` beside its own.

    The builder names its own options and hands ``**options`` on. What it names itself, or is in
    ``without``, it does not take from ``base``. Types, defaults and meanings come along: the latter
    take the place of the docstring's line on ``**options``, but for what it describes itself.

    >>> def plain(*, depth: int = 8, width: int = 16) -> ArchSpec: ...
    >>> @with_options_of(plain)
    ... def gated(*, width: int = 8, squeeze: int = 4, **options: Any) -> ArchSpec: ...
    >>> list(inspect.signature(gated).parameters)
    ['width', 'squeeze', 'depth']

    Args:
      base: A function of keyword options, beside which it may have positional parameters.
      without: Names of options of ``base`` that the builder does not take.
    """

    def decorated(builder: Builder) -> Builder:
        builder_signature, theirs = inspect.signature(builder), inspect.signature(base).parameters
        named = {
            n: p for n, p in builder_signature.parameters.items() if p.kind is not p.VAR_KEYWORD
        }
        inherited = {
            n: p
            for n, p in theirs.items()
            if p.kind is p.KEYWORD_ONLY and n not in named and n not in without
        }
        parameters = {**named, **inherited}
        signature = builder_signature.replace(parameters=list(parameters.values()))

        @functools.wraps(builder)
        def checked(*args: Any, **options: Any) -> ArchSpec:
            signature.bind(*args, **options)  # refuses what ``base`` alone takes
            return builder(*args, **options)

        hints = {**typing.get_type_hints(base), **typing.get_type_hints(builder)}
        checked.__annotations__ = {n: hints[n] for n in (*parameters, "return")}
        checked.__signature__ = signature  # type: ignore[attr-defined]
        checked.__doc__ = _documented(builder, base, inherited)
        return typing.cast(Builder, checked)

    return decorated


def _documented(
    builder: Callable[..., ArchSpec], base: Callable[..., ArchSpec], inherited: Collection[str]
) -> str:
    """Returns the builder's docstring with what that of ``base`` says of inherited options."""
    text = f"{inspect.getdoc(builder)}\n"
    described, theirs = _arguments(text), _arguments(f"{inspect.getdoc(base)}\n")
    meanings = [theirs[name] for name in inherited if name in theirs and name not in described]
    if "**options" in described:
        text = text.replace(described["**options"], "".join(meanings))
    return text.rstrip()


def _arguments(text: str) -> dict[str, str]:
    """Returns the lines of a docstring on each argument, by its name."""
    section = text.partition("\nArgs:\n")[2].partition("\n\n")[0] + "\n"
    return {match[1]: match[0] for match in _ARGUMENTS.finditer(section)}
