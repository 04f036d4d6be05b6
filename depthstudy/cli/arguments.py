"""Flags and overrides, and for each way to get them wrong the right form."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags
from ml_collections import config_flags

from depthstudy import config
from depthstudy.errors import InputError, did_you_mean, raised_by_user

_SWEEP = """--config.sweep='(("model.depth", (8, 14)),)'"""
_QUOTES = f"quote a value that has brackets, spaces or quotes, as in {_SWEEP}"
_CONFIG = re.compile(r"(?m)^--?config[=\n](.+)$")


def parse(argv: Sequence[str]) -> list[str]:
    """Parses the flags of a command line, and returns the words that are none.

    Raises:
      Exception: Something is wrong in it, or in a config file; ``line`` says what.
    """
    text = "\n".join(argv)
    files = [_existing(file) for file in _CONFIG.findall(text)]
    _extend_path(files)
    # Names, and for each whether its last override is None.
    overridden = dict(re.findall(r"(?m)^--?config\.([\w.]+)(=None$)?", text))
    for name in overridden:
        config.require_field(name)
    emptied = [n for n, none in overridden.items() if none and config.takes_none(n)]
    config_flags.register_flag_parser_for_type(type(None), _LiteralParser())
    rest = flags.FLAGS([word for word in argv if not _is_none(word)])
    if len(rest) > 1:
        raise InputError(f"unexpected argument {rest[1]!r}; flags begin with --, and {_QUOTES}")
    if "config" in flags.FLAGS and flags.FLAGS.config is not None:
        flags.FLAGS.config.update_from_flattened_dict(dict.fromkeys(emptied))
        study = config.parse(flags.FLAGS.config)
        config.refuse_shadowed(study, overridden)
        for note in config.kept_by_variants(study, overridden):
            print(note, file=sys.stderr)
    return rest


class _LiteralParser(flags.ArgumentParser[Any]):
    """Parses the override of a field that a config file has emptied; its type is checked later."""

    def parse(self, argument: Any) -> Any:
        """Returns a number, tuple or word."""
        try:
            return ast.literal_eval(argument)
        except (SyntaxError, ValueError):
            return argument

    def flag_type(self) -> str:
        """Returns what a help text calls it."""
        return "value"


def line(error: Exception, argv: Sequence[str]) -> str:
    """Returns what is wrong with a flag or a config file, and what would be right."""
    file = next(iter(_CONFIG.findall("\n".join(argv))), "")
    if hint := _argument(str(error), file):
        return hint
    if (placed := raised_by_user(error)) is not None and not isinstance(error, InputError):
        return str(placed)
    if isinstance(error, flags.UnrecognizedFlagError):
        return f"no flag --{error.flagname}{_meant(error.flagname)}"
    if not isinstance(error, InputError | flags.Error):
        return f"{type(error).__name__}: {error}"
    # What a config file raises may arrive as a whole traceback, of which the last line says it.
    *_, last = str(error).rstrip().splitlines()
    text = last if "Traceback" in str(error) else str(error)
    unquoted = re.search(r"as tuple|config\.\w+\[\d+\]\S*: expected .* got `str`", text)
    return f"{text.rstrip('.')}; {_QUOTES}" if unquoted else text


def _argument(text: str, file: str) -> str:
    """Returns what is wrong with what follows the colon after a config file, if something is."""
    path, _, argument = file.partition(":")
    name = Path(path).name
    if "get_config() takes 0 positional arguments" in text:
        return f"{name} takes no argument: leave out :{argument}"
    if missing := re.search(r"get_config\(\) missing .* argument: '(\w+)'", text):
        return f"{name} takes an argument: add :{missing[1].upper()}"
    return ""


def _existing(file: str) -> str:
    """Returns the path of a config file.

    Raises:
      InputError: There is none.
    """
    name = file.partition(":")[0]
    path = Path(name)
    if path.is_file():
        return name
    folder = path.parent if path.parent.is_dir() else Path("configs")
    known = sorted(str(other) for other in folder.glob("*.py"))
    if not known:
        raise InputError(f"there is no config file {name}")
    raise InputError(
        f"there is no config file {name}{did_you_mean(name, known)} there are {', '.join(known)}"
    )


def _extend_path(files: Sequence[str]) -> None:
    """Puts the folder of the config file and the current one first where modules are looked for."""
    folders = [os.path.dirname(os.path.abspath(file)) for file in files]
    sys.path[:0] = [*folders, os.getcwd()]


def _meant(name: str) -> str:
    """Returns what may have been meant by a flag that there is not."""
    leaf = name.rpartition(".")[2]
    fields = [field for field in config.field_names() if field.rpartition(".")[2] == leaf]
    if fields and "config" in flags.FLAGS:
        return f"; did you mean --config.{' or --config.'.join(fields)}?"
    known = sorted(set(flags.FLAGS) - {"?", "help", "helpfull", "helpshort", "helpxml"})
    ours = [f"--{n}" for n in known if not _is_of_library(n)]
    return f"{did_you_mean(f'--{name}', ours)} allowed: {', '.join(ours)}"


def _is_of_library(name: str) -> bool:
    """Returns whether a flag is absl's rather than a script's."""
    module = flags.FLAGS.find_module_defining_flag(name)
    return module is None or module.startswith("absl") or name.startswith("config.")


def _is_none(word: str) -> bool:
    """Returns whether a word sets a field to ``None`` that may be; no flag's parser takes that."""
    field = re.fullmatch(r"--?config\.([\w.]+)=None", word)
    return field is not None and config.takes_none(field[1])
