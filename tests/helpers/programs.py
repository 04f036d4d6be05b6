"""Starts the package's scripts in processes of their own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

_INTERRUPTIBLE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def single_device(**variables: str) -> Mapping[str, str]:
    """Returns the environment without the simulated devices: several processes are for one."""
    kept = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def run_script(
    *arguments: str, script: str = "scripts/run.py", cwd: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs a script to its end, on a single device."""
    command = [sys.executable, str(ROOT / script), *arguments]
    return subprocess.run(
        command, cwd=cwd, env=single_device(**variables), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def start_interruptible(*arguments: str, script: str = "scripts/run.py") -> subprocess.Popen[str]:
    """Starts a script that takes SIGINT, even where this process ignores it.

    A shell has whatever it starts in the background ignore SIGINT, and a process inherits that.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTIBLE, str(ROOT / script), *arguments],
        cwd=ROOT, env=single_device(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
