"""Positional arguments as flags, and configs by name as files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from absl import flags

from depthstudy.command import named_configs
from depthstudy.command.registry import Command

_CONFIG = "config"
_OF_SHARD = ("shard", "workdir", "executor", "config.executor")  # flags of a shard, not of a study


def as_flags(command: Command, words: Sequence[str]) -> list[str]:
    """Returns the words of a command line with a name before each that has none.

    The flags of the command are defined by then.

    Raises:
      InputError: There is no config of a name.
    """
    named = [*_named(command, words)]
    if _CONFIG in command.positional:
        named = [*_with_config_files(named)]
    return named


def whole_study(line: str, workdir: str) -> list[str]:
    """Returns the words that run a whole study, from a line that runs or merges a shard of it.

    From a line that does neither, as of a shard that no command has done, there are none.

    >>> whole_study("depthstudy run quickstart --shard=1/2 --workdir=one", "all")
    ['run', 'quickstart', '--workdir=all']
    >>> whole_study("depthstudy run quickstart --executor ray --shard=1/2", "all")
    ['run', 'quickstart', '--workdir=all']
    >>> whole_study(".venv/bin/depthstudy merge one two --workdir=all --config=my.py", "all")
    ['run', '--config=my.py', '--workdir=all']
    """
    words = shlex.split(line)
    place = next((place for place, word in enumerate(words) if word in ("run", "merge")), None)
    if place is None:
        return []
    of_shard = _OF_SHARD if words[place] == "run" else _OF_SHARD[:2]
    kept, previous = ["run"], ""
    for word in words[place + 1 :]:
        name = (previous or word).lstrip("-").partition("=")[0]
        is_flag = bool(previous) or word.startswith("-")
        if name not in of_shard if is_flag else words[place] == "run":
            kept.append(word)
        previous = word if not previous and _takes_value(word) else ""
    return [*kept, f"--workdir={workdir}"]


def _named(command: Command, words: Sequence[str]) -> Iterator[str]:
    left = [name for name in command.positional if not _is_given(name, words)]
    previous = ""
    for word in words:
        if word.startswith("-") or _takes_value(previous):
            yield word
        elif left:
            yield f"--{left[0]}={word}"
            if not (command.repeats and left[0] == command.positional[-1]):
                left.pop(0)
        else:
            yield word  # which ``cli`` refuses
        previous = "" if _takes_value(previous) else word


def _is_given(name: str, words: Sequence[str]) -> bool:
    return any(word.lstrip("-").partition("=")[0] == name for word in words if word[:1] == "-")


def _takes_value(word: str) -> bool:
    """Returns whether the word after this one is the value of the flag that it names."""
    name = word.lstrip("-")
    if not word.startswith("-") or "=" in word:
        return False
    if name.startswith(f"{_CONFIG}."):
        return True
    if name in _OF_SHARD:  # of a command that was given before
        return True
    return name in flags.FLAGS and not flags.FLAGS[name].boolean


def _with_config_files(words: Sequence[str]) -> Iterator[str]:
    previous = ""
    for word in words:
        name, equals, value = word.partition("=")
        if previous in ("-config", "--config"):
            yield named_configs.resolve(word)
        elif name in ("-config", "--config") and equals:
            yield f"{name}={named_configs.resolve(value)}"
        else:
            yield word
        previous = word
