"""One side of one work in a process of its own, which does as many runs as it is told.

A process each, because two pools of threads in one disturb each other, and because the peak of
memory is a process's. It reads a number of runs a line, and answers with the seconds that they took
and the process's peak of memory in MB.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from depthstudy import runtime
from depthstudy.bench.benchmarks import PROCESSES, WORKS
from depthstudy.errors import FailedError

_COMMAND = "import sys; from depthstudy.bench import worker; worker.main(*sys.argv[1:])"
_MARK = "bench:"  # before each answer, as libraries print as well
_ROUGHLY = 1.05  # as the pages of a process are not counted to the last one


class Worker:
    """A worker, as the process that asks it sees it."""

    def __init__(self, side: str, name: str) -> None:
        """Starts it, which takes as long as a compilation."""
        command = [sys.executable, "-c", _COMMAND, side, name]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._name = f"{name} ({side})"
        self.peak_mb = 0.0

    def run(self, times: int) -> float:
        """Returns how many seconds ``times`` runs took.

        Raises:
          FailedError: The worker is gone; what it said is on the standard error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # then there is no answer either
            print(times, file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith(_MARK):
                seconds, self.peak_mb = map(float, line.removeprefix(_MARK).split())
                return seconds
        code = self._process.wait()
        raise FailedError(f"{self._name} ended with exit code {code}; what it said is above")

    def __enter__(self) -> Worker:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the process."""
        self._process.communicate()


def main(side: str, name: str) -> None:
    """Does runs until the input ends; either side keeps its memory, as our studies do.

    On a GPU ours takes no more than it needs, as the other side is on it as well.
    """
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    runtime.tune()
    if side == "torch":
        from depthstudy.bench.torch_side.prepare import prepare as prepare_torch

        run = prepare_torch(WORKS[name])
    else:
        from depthstudy.bench.jax_side.prepare import prepare

        run = prepare(WORKS[name])
    for line in sys.stdin:
        seconds = run(int(line))
        apart = side == "ours" and WORKS[name].kind in PROCESSES
        print(_MARK, seconds, children_peak_mb() if apart else peak_mb(), flush=True)


def peak_mb() -> float:
    """Returns the peak of this process's memory.

    Linux has ``ru_maxrss`` begin with the peak of the process that started it.
    """
    with contextlib.suppress(OSError, ValueError):
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(peak) / 1024
    return _rusage_peak_mb(resource.RUSAGE_SELF)


def children_peak_mb() -> float:
    """Returns the peak of the largest process that this one started.

    It is NaN where this process is larger, as ``ru_maxrss`` of a child begins with its peak.
    """
    peak = _rusage_peak_mb(resource.RUSAGE_CHILDREN)
    return peak if peak > _ROUGHLY * peak_mb() else math.nan


def _rusage_peak_mb(who: int) -> float:
    """Returns the peak that the system has noted; macOS counts bytes, others kilobytes."""
    return resource.getrusage(who).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
