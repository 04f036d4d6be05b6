"""Runs a script's main function: whatever ends it is an exit code and one line."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable, Sequence

from absl import app, flags, logging

from depthstudy import interruption
from depthstudy.cli import arguments, failures
from depthstudy.errors import InputError, raised_by_user, show_warnings_as_lines, shows_traceback


def run(main: Callable[[], None]) -> None:
    """Parses the command line, calls ``main`` and exits.

    Modules in the folder of the config file and in the current one can be imported.
    """
    interruption.install()
    _print_whatever()
    app.run(lambda _: _exit_code(main), flags_parser=_parse)


def _print_whatever() -> None:
    """Has letters be escaped that the terminal cannot show, as in the name of a folder."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _exit_code(main: Callable[[], None]) -> int:
    try:
        interruption.begin()
        main()
        sys.stdout.flush()
        interruption.over()
    except InputError as error:
        return _print_error(str(error), 2)
    except KeyboardInterrupt:
        interruption.end()
    except Exception as error:
        if interruption.requested():  # whatever a process is torn out of may fail in its own way
            interruption.end()
        if (placed := raised_by_user(error)) is not None:
            return _print_error(str(placed), 2)
        if (line := failures.line(error)) is None:
            raise
        return _print_error(line, 1)
    return 0


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; whatever is wrong in them or in a config file is an error in the input."""
    try:
        rest = arguments.parse(argv)
    except Exception as error:
        sys.exit(_print_error(arguments.line(error, argv), 2))
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
        show_warnings_as_lines(_shown)
    return rest


def _shown(text: str) -> str:
    """Returns a text in which local copies of what is in a bucket are called by their addresses.

    Where nothing was read or written yet, there is none, and the import would only take time.
    """
    if "depthstudy.store" not in sys.modules:
        return text
    from depthstudy.store import bucket

    return bucket.shown(text)


def _print_error(message: str, code: int) -> int:
    """Prints a line, after the traceback of the error in hand if that is asked for."""
    try:
        if shows_traceback():
            traceback.print_exc()
        text = _shown(" ".join(message.split())).encode("utf-8", "surrogateescape")
        print(f"error: {text.decode('utf-8', 'replace')}", file=sys.stderr)
    except OSError:  # nobody reads it
        failures.close_output()
    return code
