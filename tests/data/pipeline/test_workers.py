"""Processes that decode: whatever ends the process that asks, they end and leave nothing behind."""

from __future__ import annotations

import itertools
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from depthstudy.data import ArrayExamples
from depthstudy.data.pipeline.splits.reader import Reader
from depthstudy.data.pipeline.splits.streamed import StreamedSplit
from depthstudy.errors import FailedError

# Batches without an end, which nobody closes, in a program whose end is then said.
_PROGRAM = """
import functools, os, signal, sys
import numpy as np
from depthstudy.data import ArrayExamples
from depthstudy.data.pipeline import crop
from depthstudy.data.pipeline.splits.reader import Reader
from depthstudy.data.pipeline.splits.streamed import StreamedSplit

def indices_at(step):
    return np.arange(step, step + 4) % 9

if __name__ == "__main__":
    pixels = np.arange(9, dtype=np.uint8)[:, None, None, None] * np.ones((30, 40, 3), np.uint8)
    examples = ArrayExamples(pixels, np.arange(9, dtype=np.int32))
    reader = Reader.of_all(examples, name="gray", num_classes=9, image_shape=(8, 8, 3))
    split = StreamedSplit(reader, 2, 0.08)
    draws_at = functools.partial(crop.draws_at, 0, (0,), 4)
    batches = split.batches(indices_at, start=0, stop=2**31, draws_at=draws_at)
    for step in range(7):
        batch = next(batches)
        images = np.asarray(batch.images)
        assert np.array_equal(images, np.broadcast_to(images[:, :1, :1, :1], (4, 8, 8, 3)))
        assert np.array_equal(images[:, 0, 0, 0], batch.labels)
    print(step, *np.asarray(batch.labels), flush=True)
    END
"""


# The same of a program whose terminal then sends signals to all its processes.
_INTERRUPTED = _PROGRAM.replace(
    'if __name__ == "__main__":',
    """if __name__ == "__main__":
    from depthstudy import interruption
    interruption.install()
    interruption.begin()
    os.setpgrp()""",
).replace(
    "    END",
    """    try:
        with interruption.deferred():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.killpg(0, number)
            for _ in range(9):
                next(batches)
            print("goes on", flush=True)
            interruption.check()
    except interruption.InterruptedByUserError:
        print("saves", flush=True)
        sys.exit(5)""",
)


def run(tmp_path: Path, code: str) -> tuple[str, str, int]:
    program = tmp_path / "program.py"
    program.write_text(code)
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=100, check=False
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize(
    ("end", "code"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", -9)]
)
def test_nothing_is_left_behind(tmp_path: Path, end: str, code: int) -> None:
    """No warning, no process: the output ends only when no process holds it any more."""
    assert run(tmp_path, _PROGRAM.replace("END", end)) == ("6 6 7 8 0\n", "", code)


def test_a_signal_to_all_processes_is_for_the_one_that_trains(tmp_path: Path) -> None:
    """Batches go on until it has saved."""
    assert run(tmp_path, _INTERRUPTED) == ("6 6 7 8 0\ngoes on\nsaves\n", "", 5)


def test_a_process_that_is_killed_is_one_line() -> None:
    examples = ArrayExamples(np.zeros((9, 8, 8, 1), np.uint8), np.arange(9))
    reader = Reader.of_all(examples, name="gray", num_classes=9, image_shape=(8, 8, 1))
    batches = StreamedSplit(reader, 1).batches(_indices_at, start=0, stop=2**31)
    next(batches)
    (process,) = multiprocessing.active_children()
    process.kill()
    with pytest.raises(FailedError, match=r"^a process that decodes images was killed, .*goes on$"):
        list(itertools.islice(batches, 9))


def _indices_at(step: int) -> np.ndarray:
    return np.arange(step, step + 4) % 9
