"""What ``docs/extending.md`` says to write, done as written in a copy of the package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from programs import single_device

ROOT = Path(__file__).parents[2]


class Block(NamedTuple):
    """A block of code: the heading that it stands below, its language and its lines."""

    heading: str
    language: str
    lines: list[str]

    @property
    def file(self) -> str:
        """The path in the first line of a file or of a diff."""
        return self.lines[0].removeprefix("# ")


def blocks() -> list[Block]:
    """Returns the blocks of the document in their order."""
    code_blocks, heading = [], ""
    text = (ROOT / "docs/extending.md").read_text("utf-8")
    for part in re.finditer(r"^## ([^\n]+)$|^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if part[1]:
            heading = part[1]
        else:
            code_blocks.append(Block(heading, part[2], part[3].splitlines()))
    return code_blocks


def write_all(folder: Path) -> None:
    """Copies the package to a folder and does all that the document says."""
    unneeded = shutil.ignore_patterns("__pycache__", "build")
    shutil.copytree(ROOT / "depthstudy", folder / "depthstudy", ignore=unneeded)
    for block in blocks():
        path = folder / block.file
        if block.language == "python":
            path.write_text("\n".join([*block.lines, ""]), "utf-8")
        elif block.language == "diff":
            changed = apply(block.lines[1:], path.read_text("utf-8").splitlines())
            path.write_text("\n".join([*changed, ""]), "utf-8")


def apply(diff: list[str], lines: list[str]) -> list[str]:
    """Returns lines with a diff applied that may leave out lines between those it shows.

    What is added stands after the line that is shown before it, the first before the first shown.
    """
    lines, place, waiting = [*lines], 0, []
    for sign, text in ((row[:1], row[1:]) for row in diff):
        if sign == "+" and not place:
            waiting.append(text)
            continue
        if sign == "+":
            lines.insert(place, text)
            place += 1
            continue
        place = lines.index(text, place)
        lines[place:place] = waiting
        place += len(waiting)
        waiting = []
        if sign == "-":
            del lines[place]
        else:
            place += 1
    return lines


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder, on the package that it holds, with a single device."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
        env=single_device(PYTHONPATH=str(folder)),
    )  # fmt: skip
