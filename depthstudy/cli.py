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
        # Names, and for each whether the last that is said of it is None.
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
    except (InputError, flags.Error) as error:
        # What a config file raises arrives as a whole traceback, of which the last line says it.
        *_, last = str(error).rstrip().splitlines()
        sys.exit(_bad_input(last if "Traceback" in str(error) else str(error)))
    except Exception as error:
        sys.exit(_bad_input(f"{type(error).__name__}: {error}"))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    return rest


def _is_none(word: str) -> bool:
    """Whether a word sets a field to ``None`` that may be so; no parser of a flag takes that."""
    found = re.fullmatch(r"--?config\.([\w.]+)=None", word)
    return found is not None and config.takes_none(found[1])


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
