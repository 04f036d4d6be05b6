"""What a process of the bench says of itself: its own peak of memory, or why it ended."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from depthstudy.bench.worker import Worker
from depthstudy.errors import FailedError

_BALLAST = 2**30  # bytes, more than a process takes that imports JAX
_SCRIPT = """
import subprocess, sys
from depthstudy.bench import worker
for code in ("pass", "b'1' * 2**30"):
    subprocess.run([sys.executable, "-c", code], check=True)
    print(worker.peak_mb(), worker.children_peak_mb())
"""


def test_a_peak_is_not_that_of_the_process_that_started_it() -> None:
    ballast = len(b"1" * _BALLAST)  # of a peak it is no matter that it is over
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True
    )
    (peak, smaller), (_, larger) = (map(float, line.split()) for line in done.stdout.splitlines())
    assert 0 < peak < ballast / 2**20
    assert math.isnan(smaller)
    assert 1024 <= larger < 2048


def test_a_worker_that_ends_is_a_line() -> None:
    with (
        Worker("ours", "no_such_work") as worker,
        pytest.raises(FailedError, match=r"^no_such_work \(ours\) ended with exit code 1; what"),
    ):
        worker.run(1)
