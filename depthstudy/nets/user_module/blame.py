"""Says in one line what a user's code raised, and where."""

from __future__ import annotations

import contextlib
import inspect
import sys
import traceback
from collections.abc import Iterator

from depthstudy.errors import InputError

# Code that raises on behalf of the code that called it.
_LIBRARIES = {"depthstudy", "flax", "jax", "jaxlib", "numpy", *sys.stdlib_module_names}


@contextlib.contextmanager
def blamed(name: str, user_class: type | None = None) -> Iterator[None]:
    """Turns whatever a user's code raises into an ``InputError`` with its file and line.

    Args:
      name: What the code is called in a config, as ``"package.module:Class"``.
      user_class: The class itself, which is pointed at where none of its lines is to blame.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        place = _place(error) or (place_of(user_class) if user_class else "")
        reason = next(iter(str(error).strip().splitlines()), "")
        what = ": ".join(filter(None, [type(error).__name__, reason]))
        raise InputError(f"{name}: {what}{f' ({place})' if place else ''}") from error


def place_of(user_class: type) -> str:
    """Returns file and line of a class, or ``""`` where they are unknown."""
    try:
        return f"{inspect.getsourcefile(user_class)}:{inspect.getsourcelines(user_class)[1]}"
    except (OSError, TypeError):
        return ""


def _place(error: Exception) -> str:
    """Returns the innermost line of the user that the error passed, or ``""``."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    lines = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _LIBRARIES
    ]
    return lines[-1] if lines else ""
