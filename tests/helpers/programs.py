"""Runs the package's scripts as a user does: each time in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]

_INTERRUPTIBLE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
# A process that has imported what takes long, and is copied for each call.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [f"depthstudy.{name}" for name in ("analysis", "cli", "report", "study")]
)


def single_device(**variables: str) -> Mapping[str, str]:
    """Returns the environment without the simulated devices: several processes are for one.

    Programs are compiled as quickly as they are in this process.
    """
    flags = " ".join(f for f in os.environ["XLA_FLAGS"].split() if "device_count" not in f)
    return {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": flags, **variables}


def run_script(
    *arguments: str, script: str = "scripts/run.py", cwd: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Starts a script, on a single device, and waits for its end."""
    command = [sys.executable, str(ROOT / script), *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env=single_device(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def run_bad_input(
    *arguments: str, script: str = "scripts/run.py", cwd: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Does what ``run_script`` does, without the seconds of imports, where no worker is begun."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("stdout", "stderr")]
        command = [str(ROOT / script), *arguments]
        process = _FORKS.Process(
            target=_run, args=(command, cwd, dict(single_device(**variables)), *files)
        )
        process.start()
        process.join()
        stdout, stderr = (file.read_text(encoding="utf-8") for file in files)
    assert process.exitcode is not None
    return subprocess.CompletedProcess(command, process.exitcode, stdout, stderr)


def _run(
    command: list[str], cwd: Path, environment: dict[str, str], stdout: Path, stderr: Path
) -> None:
    for number, file in ((1, stdout), (2, stderr)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = command
    sys.path[0] = str(Path(command[0]).parent)
    runpy.run_path(command[0], run_name="__main__")


def start_interruptible(*arguments: str, script: str = "scripts/run.py") -> subprocess.Popen[str]:
    """Starts a script that takes SIGINT, even where this process ignores it.

    A shell has whatever it starts in the background ignore SIGINT, and a process inherits that.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTIBLE, str(ROOT / script), *arguments],
        cwd=ROOT,
        env=single_device(),
        stderr=subprocess.PIPE,
        text=True,
    )
