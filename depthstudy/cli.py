"""What all scripts share: flags whose errors are one line, and the meaning of exit codes.

0: done. 1: failed. 2: bad input, nothing was written. 130: interrupted; the same command goes on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence

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
        for name in re.findall(r"(?m)^--?config\.([\w.]+)", "\n".join(argv)):
            config.require_field(name)
        rest = flags.FLAGS(argv)
        if len(rest) > 1:
            raise InputError(f"unexpected argument {rest[1]!r}; flags begin with --")
        if "config" in flags.FLAGS:
            getattr(flags.FLAGS.config, "name", None)  # a missing file fails when first looked at
    except (InputError, flags.Error) as error:
        # What a config file raises arrives as a whole traceback, of which the last line says it.
        *_, last = str(error).rstrip().splitlines()
        sys.exit(_bad_input(last if "Traceback" in str(error) else str(error)))
    except Exception as error:
        sys.exit(_bad_input(f"{type(error).__name__}: {error}"))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    return rest


def _bad_input(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2
