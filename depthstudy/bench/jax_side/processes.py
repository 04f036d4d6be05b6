"""Processes that a user starts: an import, the help, a whole study."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from depthstudy.bench.jax_side.run import Run, timed

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart.py"


def process(*arguments: str) -> Run:
    """Returns a process of Python with these arguments."""
    command = [sys.executable, *arguments]
    return timed(lambda: subprocess.run(command, check=True, capture_output=True))


def study() -> Run:
    """Returns the runs of the quickstart study, without tuning and longer trainings.

    The first run, which is not counted, compiles what the others find in the cache.
    """

    def once() -> None:
        with tempfile.TemporaryDirectory(prefix="depthstudy-bench-") as folder:
            alone = ["--config.tune=()", "--config.budget_check=()"]
            command = ["-m", "depthstudy", "run", "quickstart", f"--workdir={folder}", *alone]
            subprocess.run([sys.executable, *command], check=True, capture_output=True)

    return timed(once)
