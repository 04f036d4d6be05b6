"""Help that fits a screen."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

from absl import flags

from depthstudy.command.registry import COMMANDS, Command, Module

_WIDTH = 80
_COLUMN = 22  # where explanations begin


def overview(program: str) -> str:
    """Returns what commands there are.

    >>> overview("depthstudy").splitlines()[0]
    'usage: depthstudy COMMAND [ARGUMENTS]'
    """
    rows = [row(name, command.summary) for name, command in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: {program} COMMAND [ARGUMENTS]",
            "",
            "When and why do deeper convolutional nets do worse, and what repairs it?",
            "",
            *rows,
            "",
            f"  {program} run quickstart",
            f"  {program} run my_data --config.data.source_dir=FOLDER",
            f"  {program} predict results/my_data FOLDER",
            "",
            f"{program} COMMAND --help explains a command.",
            "Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.",
        ]
    )


def of_command(command: Command, module: Module, program: str) -> str:
    """Returns what a command does, and its flags, which are defined by then."""
    name = program if program.endswith(".py") else f"{program} {command.name}"
    last = len(command.positional) - 1
    words = [
        f"{word.upper()}{' ...' if command.repeats and place == last else ''}"
        for place, word in enumerate(command.positional)
    ]
    words = [f"[{word}]" for word in words] if command.optional else words
    usage = " ".join([f"usage: {name}", *words, "[FLAGS]"])
    return "\n".join([usage, "", inspect.cleandoc(module.__doc__ or ""), "", *_flags(module)])


def row(name: str, text: str, column: int = _COLUMN) -> str:
    """Returns a name and what it means, the text in a column of its own."""
    start = f"  {name}".ljust(column)
    if not start.endswith(" "):
        return f"{start}\n{_wrapped(text, ' ' * column, ' ' * column)}"
    return _wrapped(text, start, " " * column)


def _wrapped(text: str, first: str, others: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False
    )


def _flags(module: Module) -> Iterator[str]:
    name = inspect.getmodule(module.main)
    assert name is not None
    module_flags = flags.FLAGS.flags_by_module_dict().get(name.__name__, [])
    for flag in sorted(module_flags, key=lambda flag: flag.name):
        value = "" if flag.boolean else f"={_kind(flag)}"
        default = "" if not flag.default else f" (default {_shown(flag.default)})"
        # absl puts the choices before, and after that a flag may be repeated.
        text = re.sub(r"^<[^>]*>: |;\n.*", "", flag.help, flags=re.DOTALL)
        yield row(f"--{flag.name}{value}", f"{text}{default}")


def _kind(flag: flags.Flag) -> str:
    choices = getattr(flag.parser, "enum_values", None)
    if choices:
        return "|".join(choices)
    if flag.name == "config":
        return "NAME"
    kinds = {"int": "N", "string": "TEXT", "multi string": "TEXT"}  # given once for each value
    return kinds.get(flag.flag_type(), "A,B")


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
