"""Every command in README and docs names commands, flags, configs and settings that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

import pytest
from programs import ROOT, run_bad_input

from depthstudy import config
from depthstudy.command import named_configs
from depthstudy.command.registry import COMMANDS

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_START = re.compile(
    r"(?:^|[;`'] *|\$ )(?:\.venv/bin/)?(?:depthstudy (?P<word>[a-z]+)\b"
    r"|(?:\.venv/bin/)?python (?:scripts/)(?P<script>[a-z]+)\.py)(?P<rest>[^`'\n]*)",
    re.MULTILINE,
)


def commands() -> Iterator[tuple[str, str, str]]:
    """Yields page, command and what follows it."""
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        for match in _START.finditer(text):
            word = match["word"] or match["script"]
            if match["word"] is None or word in COMMANDS:
                yield page.name, word, match["rest"].split("#")[0]


FOUND = sorted(set(commands()))


@cache
def flags_of(command: str) -> set[str]:
    text = run_bad_input(command, "--help", script="tests/helpers/door.py").stdout
    return {name.removeprefix("no") for name in re.findall(r"--\[?([a-z_]+)", text)} | {"help"}


def test_there_are_commands() -> None:
    assert len(FOUND) > 60
    assert {"run", "analyze", "plan", "predict", "export", "compare"} <= {row[1] for row in FOUND}


@pytest.mark.parametrize(("page", "command", "rest"), FOUND)
def test_flags_and_settings_are_there(page: str, command: str, rest: str) -> None:
    assert command in COMMANDS
    known = {setting.name for setting in config.describe_settings()}
    words = shlex.split(rest.rstrip(" ;.,)"))
    for word in words:
        if not word.startswith("--"):
            continue
        name = word[2:].split("=")[0]
        if name.startswith("config."):
            field = name.removeprefix("config.")
            assert field in known or field.startswith("model.options."), f"{page}: {word}"
        else:
            assert name in flags_of(command), f"{page}: depthstudy {command} {word}"
    if command == "run" and words and not words[0].startswith("-") and words[0].islower():
        if words[0].endswith(".py"):
            return
        assert named_configs.resolve(words[0])
    for word in words:
        if word.startswith("--config=configs/"):
            assert (ROOT / word.removeprefix("--config=").split(":")[0]).exists(), f"{page}: {word}"
