"""Runs a study on disks that are too small, makes room, and has the same command go on."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from tiny_study import Tally, command, environment, is_same, left_behind, undisturbed

_OPTIONS = {"train.steps": 40, "train.evaluations": 4}
_LEAST, _MOST = 4, 400  # kB; the whole study takes about as much as the latter
# In a mount namespace of its own the disk is gone when the shell ends. Arguments: folder, size, and
# the command; the exit code and the lines of the first try go to files beside the disk.
_SCRIPT = """
disk=$1; size=$2; shift 2
mount -t tmpfs -o size=${size}k none "$disk"
"$@" >/dev/null 2>"$disk.errors"; echo $? >"$disk.code"
mount -o remount,rw,size=64m "$disk"
"$@" >/dev/null 2>"$disk.again" && cp -r "$disk/work" "$disk.work"
"""


def is_possible() -> bool:
    """Returns whether small disks can be made here."""
    script = ["unshare", "-rm", "true"]
    return subprocess.run(script, check=False, capture_output=True).returncode == 0


def run(count: int, folder: Path, *, seed: int = 0) -> Tally:
    """Returns what came of so many sizes."""
    rng, tally = random.Random(seed), Tally()
    expected = undisturbed(folder / "quiet", **_OPTIONS)
    for number in range(count):
        size = rng.randint(_LEAST, _MOST)
        disk = folder / f"disk{number}"
        disk.mkdir()
        words = command(disk / "work", **_OPTIONS)
        script = ["unshare", "-rm", "bash", "-c", _SCRIPT, "bash", str(disk), str(size), *words]
        subprocess.run(script, env=environment(), check=False, capture_output=True)
        tally.tried += 1
        code = int(Path(f"{disk}.code").read_text())
        errors = Path(f"{disk}.errors").read_text()
        error_lines = [line for line in errors.splitlines() if line.startswith("error: ")]
        if code not in (0, 1) or (code == 1 and len(error_lines) != 1) or "Traceback" in errors:
            tally.add("tracebacks", f"{size} kB: exit code {code}: {errors}")
        if not Path(f"{disk}.work").exists():
            tally.add("stuck", f"{size} kB: {Path(f'{disk}.again').read_text()}")
        elif not is_same(expected, left_behind(Path(f"{disk}.work"))):
            tally.add("silent", f"{size} kB")
    return tally
