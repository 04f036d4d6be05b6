"""What all scripts share: flags whose errors are one line, and the meaning of exit codes.

0: done. 1: failed. 2: bad input, nothing was written. 130: interrupted; the same command goes on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from absl import app, flags, logging

from depthstudy import config
from depthstudy.errors import InputError


def run(main: Callable[[], None]) -> None:
    """Parses the command line, calls ``main`` and exits."""
    app.run(lambda _: _exit_code(main), flags_parser=_parse)


def _exit_code(main: Callable[[], None]) -> int:
    try:
        main()
    except InputError as error:
        return _bad_input(str(error))
    except KeyboardInterrupt:
        print("interrupted; run the same command to go on", file=sys.stderr)
        return 130
    return 0


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; whatever is wrong in them or in a config file is an error in the input."""
    try:
        overridden = re.findall(r"(?m)^--?config\.([\w.]+)", "\n".join(argv))
        for name in overridden:
            config.require_field(name)
        emptied = [name for name in overridden if _empties(name, argv)]
        rest = flags.FLAGS([word for word in argv if not any(_is_none(n, word) for n in emptied)])
        if len(rest) > 1:
            raise InputError(f"unexpected argument {rest[1]!r}; flags begin with --")
        if "config" in flags.FLAGS and flags.FLAGS.config is not None:
            flags.FLAGS.config.update_from_flattened_dict(dict.fromkeys(emptied))
            _refuse_swept(flags.FLAGS.config.to_dict(), overridden)
    except (InputError, flags.Error) as error:
        # What a config file raises arrives as a whole traceback, of which the last line says it.
        *_, last = str(error).rstrip().splitlines()
        sys.exit(_bad_input(last if "Traceback" in str(error) else str(error)))
    except Exception as error:
        sys.exit(_bad_input(f"{type(error).__name__}: {error}"))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    return rest


def _empties(name: str, argv: Sequence[str]) -> bool:
    """Whether the last override of a field sets it to ``None``, which no parser takes."""
    words = [word for word in argv if re.match(rf"--?config\.{re.escape(name)}(=|$)", word)]
    return config.takes_none(name) and _is_none(name, words[-1])


def _is_none(name: str, word: str) -> bool:
    return word.lstrip("-") == f"config.{name}=None"


def _refuse_swept(study: Mapping[str, Any], overridden: Sequence[str]) -> None:
    """Refuses the override of a field whose values the sweep sets."""
    for field, values in config.parse(study).sweep:
        if field in overridden:
            raise InputError(
                f"config.{field} is swept over {values}; override config.sweep instead, "
                "or empty it with --config.sweep='()'"
            )


def _bad_input(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2
