"""The short form of ``faults.py``: a few faults of each signal, file, command line and disk."""

from __future__ import annotations

import re

import pytest
from programs import run_bad_input, run_script

FAULTS = "tests/faults/faults.py"
GOOD = r"(\d+) tried, 0 silent changes, 0 tracebacks, 0 stuck, 0 slow"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "scale", "count"),
    [
        ("kills_two_processes", 0.02, 2),
        ("kills_eight_devices", 0.02, 2),
        ("sigterm_two_processes", 0.03, 1),
        ("sigint", 0.03, 1),
        ("damages", 0.03, 15),
        ("commands", 0.03, 60),
        ("disks", 0.1, 2),
    ],
)
def test_a_few_faults(kind: str, scale: float, count: int) -> None:
    done = run_script(f"--only={kind}", f"--scale={scale}", script=FAULTS)
    assert done.returncode == 0, done.stdout + done.stderr
    if "left out" in done.stdout:
        pytest.skip(done.stdout)
    match = re.search(rf"{kind}: {GOOD}", done.stdout)
    assert match is not None
    assert int(match[1]) == count


def test_a_kind_that_there_is_not() -> None:
    done = run_bad_input("--only=floods", script=FAULTS)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no kind of fault ['floods']; there are kills")
