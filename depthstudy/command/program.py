"""What the command is called where a user stands, so that what is printed can be given as it is."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

_NAME = "depthstudy"


def program() -> list[str]:
    """Returns the words that call the command.

    That is ``depthstudy`` where the shell finds the one of this Python, else the path of that one,
    as ``.venv/bin/depthstudy``; where it is not installed, ``python -m depthstudy``.
    """
    script = Path(sys.executable).with_name(_NAME)
    if not script.exists():
        return [_seen(Path(sys.executable)), "-m", _NAME]
    on_path = shutil.which(_NAME)
    return [_NAME] if on_path and Path(on_path).samefile(script) else [_seen(script)]


def _seen(path: Path) -> str:
    """Returns a path as seen from the current folder, if it is in it."""
    near = os.path.relpath(path)
    return str(path) if near.startswith(os.pardir) else near


def command_line(*words: str) -> str:
    """Returns a command line as a shell takes it."""
    return shlex.join([*program(), *words])
