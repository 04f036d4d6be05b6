"""What a process of the bench says of itself: its own peak of memory, or why it ended."""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import types
from pathlib import Path

import pytest

from depthstudy.bench import worker as bench_worker
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


@pytest.mark.parametrize(("platform", "unit"), [("darwin", 1), ("freebsd14", 1024)])
def test_without_proc_a_peak_is_in_the_unit_of_the_system(
    platform: str, unit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: Path) -> str:
        raise FileNotFoundError(path)

    peaks = {resource.RUSAGE_SELF: 300, resource.RUSAGE_CHILDREN: 900}  # MB

    def usage(who: int) -> types.SimpleNamespace:
        return types.SimpleNamespace(ru_maxrss=peaks[who] * 2**20 // unit)

    monkeypatch.setattr(Path, "read_text", missing)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(resource, "getrusage", usage)
    assert (bench_worker.peak_mb(), bench_worker.children_peak_mb()) == (300, 900)


def test_a_worker_that_ends_is_a_line() -> None:
    with (
        Worker("ours", "no_such_work") as worker,
        pytest.raises(FailedError, match=r"^no_such_work \(ours\) ended with exit code 1; what"),
    ):
        worker.run(1)
