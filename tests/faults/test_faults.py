"""The short form of ``faults.py``: a few faults of each kind; all of them where it is slow."""

from __future__ import annotations

import re

import pytest
from programs import run_bad_input, run_script

FAULTS = "tests/faults/faults.py"
GOOD = r"(\d+) tried, 0 silent changes, 0 tracebacks, 0 stuck, 0 slow"


@pytest.mark.parametrize(
    ("kind", "scale", "count"),
    [
        pytest.param("kills", 0.03, 3, marks=pytest.mark.slow),
        pytest.param("sigterm", 0.05, 2, marks=pytest.mark.slow),
        ("commands", 0.01, 20),
    ],
)
def test_a_few_faults(kind: str, scale: float, count: int) -> None:
    done = run_script(f"--only={kind}", f"--scale={scale}", script=FAULTS)
    assert done.returncode == 0, done.stdout + done.stderr
    match = re.search(rf"{kind}: {GOOD}", done.stdout)
    assert match is not None
    assert int(match[1]) == count


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["kills_two_processes", "kills_eight_devices", "sigterm_two_processes", "sigint"]
)
def test_many_signals(kind: str) -> None:
    done = run_script(f"--only={kind}", "--scale=0.03", script=FAULTS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "scale"), [("damages", 0.04), ("commands", 0.05), ("disks", 0.2)])
def test_many_faults(kind: str, scale: float) -> None:
    done = run_script(f"--only={kind}", f"--scale={scale}", script=FAULTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_kind_that_there_is_not() -> None:
    done = run_bad_input("--only=floods", script=FAULTS)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no kind of fault ['floods']; there are kills")
