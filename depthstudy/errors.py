"""Errors in the input, and those that a user's own code raised, as one line with its place."""

from __future__ import annotations

import difflib
import importlib
import logging as standard_logging
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from absl import logging

TRACEBACK = "DEPTHSTUDY_TRACEBACK"  # the variable that has pages shown for what is one line


class InputError(ValueError):
    """Bad input from a user. Its message is one line; the scripts print it and exit with 2."""


class NothingToChangeError(InputError):
    """An option or a treatment finds nothing in a net that it could change."""


class DamagedError(InputError):
    """A file that we wrote is not as it was written."""


class FailedError(RuntimeError):
    """What failed for want of something outside, as memory: one line; the scripts exit with 1."""


def required(package: str, *, extra: str, by: str) -> Any:
    """Imports a package that comes with an extra of depthstudy.

    Args:
      package: Its name, as it is imported.
      extra: The extra.
      by: What needs it.

    Raises:
      InputError: It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        name = package.partition(".")[0]
        raise InputError(f"{by} needs {name}: pip install 'depthstudy[{extra}]'") from error


def shows_traceback() -> bool:
    """Returns whether the user asks for the traceback of what is one line."""
    verbose = any(re.match(r"--?(v|verbosity)=[1-9]", word) for word in sys.argv)
    return verbose or bool(os.environ.get(TRACEBACK))


def raised_by_user(error: BaseException) -> InputError | None:
    """Returns an error with its place, as ``"FILE:LINE: TYPE: TEXT"``, if a user's code raised it.

    The place is the last line that was running of a config file, a user's own module or any other
    file that is neither the script nor of depthstudy, Python or an installed package.
    """
    for raised in _causes(error):
        if isinstance(raised, SyntaxError) and _is_users(raised.filename or ""):
            place, text = (raised.filename, raised.lineno), raised.msg
        else:
            frames = traceback.extract_tb(raised.__traceback__)
            places = [(frame.filename, frame.lineno) for frame in frames]
            place = next((p for p in reversed(places) if _is_users(p[0])), (None, None))
            text = str(raised)
        if place[0]:
            kind = "" if isinstance(raised, InputError) else f"{type(raised).__name__}: "
            return InputError(f"{_shown(place[0])}:{place[1]}: {kind}{text}")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yields an error, then the one while handling which it was raised, and so on."""
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__ or following.__context__


def _is_users(file: str) -> bool:
    if not file or file.startswith("<"):
        return False
    path = Path(file).resolve()
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if script and path == Path(script).resolve():
        return False
    folders = [os.path.dirname(__file__), *map(sysconfig.get_path, ("stdlib", "platstdlib"))]
    return not (
        any(path.is_relative_to(Path(folder).resolve()) for folder in folders)
        or {"site-packages", "dist-packages"} & set(path.parts)
    )


def _shown(file: str) -> str:
    """Returns a path as seen from the current folder, if it is in it."""
    path, folder = os.path.realpath(file), os.path.realpath(os.curdir)
    return os.path.relpath(path, folder) if path.startswith(folder + os.sep) else file


class _Lines(standard_logging.Formatter):
    """Writes a warning as a line that begins as those of errors do."""

    def __init__(self, rename: Callable[[str], str]) -> None:
        super().__init__()
        self._rename = rename

    def format(self, record: standard_logging.LogRecord) -> str:
        """Returns the line."""
        return f"{record.levelname.lower()}: {self._rename(super().format(record))}"


def show_warnings_as_lines(rename: Callable[[str], str]) -> None:
    """Has this process write ``warning: TEXT`` rather than absl's time, thread and place.

    Args:
      rename: Says of a text how it is shown.
    """
    logging.get_absl_handler().setFormatter(_Lines(rename))


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Returns the middle of a message: which of the names that are allowed may have been meant.

    >>> did_you_mean("width", ["depth", "width_multiplier"]), did_you_mean("x", ["depth"])
    ('; did you mean width_multiplier?', ';')
    """
    names = list(allowed)
    parts = [n for n in names if n.startswith(f"{name}_") or name.startswith(f"{n}_")]
    near = parts or difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ";"


def first_names(names: Sequence[str], most: int = 5) -> str:
    """Returns the first few names, and how many more there are.

    >>> first_names(["a", "b"]), first_names(list("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
