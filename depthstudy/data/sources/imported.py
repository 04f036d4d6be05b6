"""A user's own source: ``data.name="package.module:function"``.

The function is called with the ``DataConfig`` and returns a ``Source``. Its module is imported by
name in every process that opens the set, so that it has to be on ``sys.path`` there.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.errors import InputError, raised_by_user

_IDENTIFIER = r"[^\W\d]\w*"
_NAME = re.compile(rf"(?P<module>{_IDENTIFIER}(\.{_IDENTIFIER})*):(?P<function>{_IDENTIFIER})")


def is_function_name(name: str) -> bool:
    """Whether a name has the form ``package.module:function``; a TFDS version is none."""
    return _NAME.fullmatch(name) is not None


def open_source(config: DataConfig) -> Source:
    """Imports the function that ``config.name`` names, calls it and returns its source.

    Raises:
      InputError: It cannot be imported, raises an error or returns no source.
    """
    source = _call(config.name, _function(config.name), config)
    if not isinstance(source, Source):
        raise InputError(
            f"data.name {config.name!r} returned {type(source).__name__}; it has to return a"
            " depthstudy.data.Source"
        )
    return source


def _function(name: str) -> Callable[..., Any]:
    match = _NAME.fullmatch(name)
    assert match
    module_name, function_name = match["module"], match["function"]
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if f"{module_name}.".startswith(f"{error.name}."):
            raise InputError(
                f"data.name {name!r} is of the form MODULE:FUNCTION, and there is no module"
                f" {error.name!r} on sys.path"
            ) from error
        raise _failed(name, error) from error
    except Exception as error:
        raise _failed(name, error) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise InputError(
            f"data.name {name!r}: {module_name} ({module.__file__}) has no function"
            f" {function_name!r}"
        )
    return function


def _call(name: str, function: Callable[..., Any], config: DataConfig) -> object:
    try:
        return function(config)
    except InputError:
        raise
    except Exception as error:
        raise _failed(name, error) from error


def _failed(name: str, error: Exception) -> InputError:
    """Returns the error in one line, with the place in the user's code that raised it."""
    placed = raised_by_user(error)
    reason = placed or f"its call: {type(error).__name__}: {' '.join(str(error).split())}"
    return InputError(f"data.name {name!r} failed in {reason}")
