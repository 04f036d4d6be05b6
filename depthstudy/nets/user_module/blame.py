"""Says in one line what a user's code raised, and where."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator

from depthstudy.errors import InputError, raised_by_user


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
        place = place_of(user_class) if user_class else ""
        beside = filter(None, [place, type(error).__name__, str(error)])
        message = str(raised_by_user(error) or ": ".join(beside))
        raise InputError(f"{name}: {message.strip().splitlines()[0]}") from error


def place_of(user_class: type) -> str:
    """Returns file and line of a class, or ``""`` where they are unknown."""
    try:
        return f"{inspect.getsourcefile(user_class)}:{inspect.getsourcelines(user_class)[1]}"
    except (OSError, TypeError):
        return ""
