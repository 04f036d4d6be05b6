"""Command line of all scripts: flags whose errors are one line, and the meaning of exit codes.

0: done. 1: failed. 2: bad input, nothing was written. 130: interrupted; the same command goes on.

An error that a user's own code raised (a config file, a module, a source) is bad input, too: one
line with file and line. ``--verbosity=1``, or ``DEPTHSTUDY_TRACEBACK=1`` in the environment, shows
the traceback of whatever is bad input.
"""

from __future__ import annotations

import logging as standard_logging
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from absl import app, flags, logging

from depthstudy import config
from depthstudy.errors import InputError, raised_by_user

_TRACEBACK = "DEPTHSTUDY_TRACEBACK"


def run(main: Callable[[], None]) -> None:
    """Parses the command line, calls ``main`` and exits.

    Modules in the folder of the config file and in the current one can be imported.
    """
    app.run(lambda _: _exit_code(main), flags_parser=_parse)


def _exit_code(main: Callable[[], None]) -> int:
    try:
        main()
    except InputError as error:
        return _bad_input(str(error))
    except KeyboardInterrupt:
        print("interrupted; run the same command to go on", file=sys.stderr)
        return 130
    except Exception as error:
        if (placed := raised_by_user(error)) is None:
            raise
        return _bad_input(str(placed))
    return 0


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; whatever is wrong in them or in a config file is an error in the input."""
    _extend_path(argv)
    try:
        # Names, and for each whether its last override is None.
        overridden = dict(re.findall(r"(?m)^--?config\.([\w.]+)(=None$)?", "\n".join(argv)))
        for name in overridden:
            config.require_field(name)
        emptied = [n for n, none in overridden.items() if none and config.takes_none(n)]
        rest = flags.FLAGS([word for word in argv if not _is_none(word)])
        if len(rest) > 1:
            raise InputError(f"unexpected argument {rest[1]!r}; flags begin with --")
        if "config" in flags.FLAGS and flags.FLAGS.config is not None:
            flags.FLAGS.config.update_from_flattened_dict(dict.fromkeys(emptied))
            _refuse_swept(flags.FLAGS.config.to_dict(), list(overridden))
    except Exception as error:
        sys.exit(_bad_input(_line(error)))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
        logging.get_absl_handler().setFormatter(_Warnings())
    return rest


class _Warnings(standard_logging.Formatter):
    """Writes a warning as a line that begins as those of errors do."""

    def format(self, record: standard_logging.LogRecord) -> str:
        """Returns the line."""
        return f"{record.levelname.lower()}: {super().format(record)}"


def _extend_path(argv: Sequence[str]) -> None:
    """Puts the folder of the config file and the current one first where modules are looked for."""
    files = re.findall(r"(?m)^--?config[=\n](.+)$", "\n".join(argv))
    folders = [os.path.dirname(os.path.abspath(file.partition(":")[0])) for file in files]
    sys.path[:0] = [*folders, os.getcwd()]


def _line(error: Exception) -> str:
    """Returns what is wrong with a flag or a config file."""
    if (placed := raised_by_user(error)) is not None and not isinstance(error, InputError):
        return str(placed)
    if not isinstance(error, InputError | flags.Error):
        return f"{type(error).__name__}: {error}"
    # What a config file raises may arrive as a whole traceback, of which the last line says it.
    *_, last = str(error).rstrip().splitlines()
    return last if "Traceback" in str(error) else str(error)


def _is_none(word: str) -> bool:
    """Returns whether a word sets a field to ``None`` that may be; no flag's parser takes that."""
    field = re.fullmatch(r"--?config\.([\w.]+)=None", word)
    return field is not None and config.takes_none(field[1])


def _refuse_swept(study: Mapping[str, Any], overridden: Sequence[str]) -> None:
    """Refuses the override of a field whose values the sweep sets."""
    for field, values in config.parse(study).sweep:
        if field in overridden:
            raise InputError(
                f"config.{field} is swept over {values}; override config.sweep instead, "
                "or empty it with --config.sweep='()'"
            )


def _bad_input(message: str) -> int:
    """Prints a line, after the traceback of the error in hand if that is asked for."""
    verbose = any(re.match(r"--?(v|verbosity)=[1-9]", word) for word in sys.argv)
    if verbose or os.environ.get(_TRACEBACK):
        traceback.print_exc()
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2
