"""From the words of a command line to the command that they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from depthstudy import __version__
from depthstudy.command import help_text
from depthstudy.command.arguments import as_flags
from depthstudy.command.program import command_line
from depthstudy.command.registry import COMMANDS, Command
from depthstudy.errors import InputError, did_you_mean

_HELP = ("help", "-h", "-help", "--help", "-helpfull", "--helpfull", "-helpshort", "--helpshort")
_VERSION = ("version", "-version", "--version")


def main(program: str = "depthstudy") -> NoReturn:
    """Runs the command that the first argument names, and exits.

    Args:
      program: How it was called, for help.
    """
    name, *words = sys.argv[1:] or ["help"]
    if name in _VERSION:
        _say(f"depthstudy {__version__}")
    if name in _HELP and not (words and words[0] in COMMANDS):
        _say(help_text.overview(program))
    if name in _HELP:
        name, words = words[0], ["--help"]
    if name not in COMMANDS:
        allowed = ", ".join(COMMANDS)
        _refuse(f"no command {name!r}{did_you_mean(name, COMMANDS)} allowed: {allowed}")
    _run(COMMANDS[name], words, program)


def run_script(name: str) -> NoReturn:
    """Runs a command as a script of its own, ``python scripts/NAME.py``, and exits."""
    script = Path(sys.argv[0]).name
    _run(COMMANDS[name], sys.argv[1:], f"python scripts/{script}")


def _run(command: Command, words: Sequence[str], program: str) -> NoReturn:
    from depthstudy import interruption

    interruption.install()  # first: a signal that comes while the rest is imported counts, too
    from depthstudy import cli

    module = command.load()
    module.define_flags()
    if set(words) & set(_HELP[1:]):
        _say(help_text.of_command(command, module, program))
    try:
        sys.argv[1:] = as_flags(command, words)
    except InputError as error:
        _refuse(str(error))
    line = command_line(command.name, *words)
    cli.run(lambda: module.main(line))
    sys.exit(0)


def _say(text: str) -> NoReturn:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # as by `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _refuse(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
