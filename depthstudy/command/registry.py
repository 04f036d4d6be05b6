"""The words of the command ``depthstudy``: a module and a line each."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import NamedTuple, Protocol, cast


class Module(Protocol):
    """A module of ``command.commands``."""

    __doc__: str | None

    def define_flags(self) -> None:
        """Defines its flags."""

    def main(self, line: str) -> None:
        """Does what the flags say.

        Args:
          line: The command line as it was typed, for reports.
        """


class Command(NamedTuple):
    """A word of the command line.

    Attributes:
      name: The word; its module in ``command.commands`` has the same name.
      summary: What it does, in one line.
      positional: Names of the flags that arguments without a name are for, in their order.
      repeats: Whether the last of them takes all that are left.
      optional: Whether they may be left out.
    """

    name: str
    summary: str
    positional: tuple[str, ...] = ()
    repeats: bool = False
    optional: bool = False

    def load(self) -> Module:
        """Imports its module."""
        return cast(Module, importlib.import_module(f"depthstudy.command.commands.{self.name}"))


_COMMANDS = (
    Command("run", "train a study and write its report", ("config",)),
    Command("merge", "make one study of its shards", ("shard",), repeats=True),
    Command("plan", "say what a study takes on devices that are elsewhere", ("config",)),
    Command("report", "write the page of a finished study again", ("study",)),
    Command("predict", "classify images with a net of a study", ("net", "images"), repeats=True),
    Command("export", "take a net along: StableHLO, safetensors, ONNX", ("net",)),
    Command("compare", "set studies side by side", ("study",), repeats=True),
    Command("analyze", "measure why a trained net is as it is", ("run",), repeats=True),
    Command("settings", "list every setting with default and meaning", ("word",), optional=True),
    Command("claims", "write the document on popular claims from their studies"),
    Command("bench", "time train steps, beside PyTorch if asked for"),
)
COMMANDS: Mapping[str, Command] = {command.name: command for command in _COMMANDS}
