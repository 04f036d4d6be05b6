"""A study of one small net that takes seconds, and all of it that must not depend on a fault."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax import traverse_util

ROOT = Path(__file__).parents[2]
OVERRIDES = {
    "model.depth": 8,
    "model.width": 4,
    "data.train_examples": 100,
    "train.batch_size": 16,
    "train.log_every": 10,
    "train.save_seconds": 0,
}

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background; commands inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclasses.dataclass
class Tally:
    """What came of many tries of one kind of fault; all but ``tried`` should stay 0.

    Attributes:
      tried: How many faults there were.
      silent: Results that changed without a word.
      tracebacks: Ends that were more than one line.
      stuck: Studies that the same command did not end.
      slow: Ends that took longer than promised.
      notes: What went wrong, a line each.
    """

    tried: int = 0
    silent: int = 0
    tracebacks: int = 0
    stuck: int = 0
    slow: int = 0
    notes: list[str] = dataclasses.field(default_factory=list)

    def add(self, kind: str, note: str) -> None:
        """Counts something that went wrong."""
        setattr(self, kind, getattr(self, kind) + 1)
        self.notes.append(f"{kind}: {note}")

    def __str__(self) -> str:
        return (
            f"{self.tried} tried, {self.silent} silent changes, {self.tracebacks} tracebacks, "
            f"{self.stuck} stuck, {self.slow} slow"
        )

    @property
    def is_good(self) -> bool:
        return not (self.silent or self.tracebacks or self.stuck or self.slow)


def command(workdir: Path, **more: Any) -> list[str]:
    """Returns the command of the study"""
    fields = OVERRIDES | more
    return [
        sys.executable,
        str(ROOT / "scripts/run.py"),
        f"--config={ROOT / 'configs/base.py'}",
        f"--workdir={workdir}",
        *(f"--config.{name}={value}" for name, value in fields.items()),
    ]


def environment(devices: int = 1) -> dict[str, str]:
    """Returns the environment of a command on so many simulated devices, compiled quickly."""
    flags = f"--xla_force_host_platform_device_count={devices} --xla_backend_optimization_level=1"
    return {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


def start(arguments: list[str], devices: int = 1) -> subprocess.Popen[str]:
    """Starts a command, which takes all signals."""
    return subprocess.Popen(
        arguments,
        env=environment(devices),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(arguments: list[str], devices: int = 1) -> tuple[int, str]:
    """Returns exit code and stderr of a command that is left alone."""
    process = start(arguments, devices)
    _, errors = process.communicate(timeout=600)
    return process.returncode, errors


def left_behind(workdir: Path) -> dict[str, Any]:
    """Returns what the runs of a study came to, but for times: arrays, outcomes and summary.

    Of a checkpoint that is damaged, and that nobody had a reason to read, there are no arrays.
    """
    from depthstudy.store import CheckpointReader

    results: dict[str, Any] = {}
    for run in sorted(workdir.glob("runs/*/*")):
        name = str(run.relative_to(workdir))
        reader = CheckpointReader(run / "checkpoints")
        steps = reader.all_steps()
        if steps and not reader.damage(steps[-1]):
            arrays = traverse_util.flatten_dict(reader.restore(steps[-1]), sep="/")
            results |= {f"{name}/{key}": x for key, x in arrays.items()}
        outcome = json.loads((run / "result.json").read_text("utf-8-sig"))  # a mark is no harm
        timeless = {k: v for k, v in outcome.items() if k in ("status", "step") or "error" in k}
        results[f"{name} outcome"] = json.dumps(timeless, sort_keys=True)
    with (workdir / "summary.csv").open() as file:
        rows = [{**row, "seconds": ""} for row in csv.DictReader(file)]
    results["summary"] = json.dumps(rows, sort_keys=True)
    return results


def undisturbed(workdir: Path, devices: int = 1, **options: Any) -> dict[str, Any]:
    """Returns what the study comes to in a folder where nothing happens to it."""
    code, errors = finish(command(workdir, **options), devices)
    if code:
        raise RuntimeError(f"the study does not run: {errors}")
    return left_behind(workdir)


def is_same(expected: Mapping[str, Any], results: Mapping[str, Any], *, whole: bool = True) -> bool:
    """Returns whether a study, or parts of it, came to what is expected, to the last bit."""
    return (not whole or expected.keys() == results.keys()) and all(
        np.array_equal(expected[key], x) for key, x in results.items()
    )
