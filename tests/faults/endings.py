"""Ends a study at many moments, by signals that it can handle or not, and has it go on each time.

Compares what it comes to in the end with what the same study comes to that nobody disturbed.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tiny_study import Tally, command, finish, is_same, left_behind, start, undisturbed

SECONDS = 10.0  # in which a process that is asked to end has ended
_LINE = "interrupted; run the same command to go on"


def run(
    kind: signal.Signals,
    count: int,
    folder: Path,
    *,
    processes: int = 1,
    devices: int = 1,
    seed: int = 0,
) -> Tally:
    """Returns what came of so many signals of a kind, a third of the kills while saving."""
    rng, tally = random.Random(seed), Tally()
    options = {"processes": processes, "seeds": processes, "train.steps": 1000,
               "train.evaluations": 20, "train.log_every": 50}  # fmt: skip
    begun = time.monotonic()
    expected = undisturbed(folder / "quiet", devices, **options)
    seconds = time.monotonic() - begun
    number = 0
    while tally.tried < count:
        workdir = folder / f"disturbed{number}"
        in_save = kind == signal.SIGKILL and rng.random() < 1 / 3
        moment = rng.uniform(0, 0.3 if rng.random() < 0.1 else seconds)
        process = start(command(workdir, **options), devices)
        if _wait(process, workdir, moment, in_save):
            tally.tried += 1
            _end(process, kind, moment, tally)
        else:
            number += 1
            _compare(process.communicate()[1], process.returncode, workdir, expected, tally)
    code, errors = finish(command(folder / f"disturbed{number}", **options), devices)
    _compare(errors, code, folder / f"disturbed{number}", expected, tally)
    return tally


def _wait(process: subprocess.Popen[str], workdir: Path, moment: float, in_save: bool) -> bool:
    """Waits for the moment; returns False where the process has ended before."""
    begun = time.monotonic()
    while process.poll() is None:
        if in_save and any(workdir.glob("runs/*/*/checkpoints/*.partial")):
            return True
        if not in_save and time.monotonic() - begun >= moment:
            return True
        time.sleep(0.0005 if in_save else 0.005)
    return False


def _end(process: subprocess.Popen[str], kind: signal.Signals, moment: float, tally: Tally) -> None:
    is_starting = not _handles(process.pid, signal.SIGTERM)
    process.send_signal(kind)
    begun = time.monotonic()
    try:
        _, errors = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        tally.add("stuck", f"{kind.name} at {moment:.2f} s was swallowed")
        return
    took = time.monotonic() - begun
    if kind == signal.SIGKILL or process.returncode == 0:
        return
    if took > SECONDS:
        tally.add("slow", f"{kind.name} at {moment:.2f} s: {took:.1f} s")
    if is_starting and process.returncode in (1, -kind):  # as Python itself ends
        return
    last = errors.splitlines()[-1] if errors else ""
    if process.returncode != 130 or last != _LINE or "Traceback" in errors:
        tally.add("tracebacks", f"{kind.name} at {moment:.2f} s: {process.returncode}: {errors}")


def _handles(process: int, kind: signal.Signals) -> bool:
    """Returns whether a process has a function of its own for a signal, as the kernel tells."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (kind - 1) & 1)
    return False


def _compare(errors: str, code: int, workdir: Path, expected: dict[str, Any], tally: Tally) -> None:
    if code != 0:
        kind = "tracebacks" if "Traceback" in errors else "stuck"
        tally.add(kind, f"{workdir.name} does not go on: {errors}")
    elif not is_same(expected, left_behind(workdir)):
        tally.add("silent", f"{workdir.name} came to something else")
