"""A run in training: what is measured of it step by step, and where that is kept."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from depthstudy import interruption
from depthstudy.records import Record
from depthstudy.store import CheckpointWriter, Measured, Outcome, RunInfo, RunStore
from depthstudy.train.steps.precision import LEAST
from depthstudy.train.steps.step import StepMetrics

_AHEAD_SECONDS = 1.0  # of steps that are not waited for


@dataclasses.dataclass
class Run:
    """A run in training: where it is kept, and what has been measured of it so far.

    Attributes:
      info: What it is.
      store: Where it is kept.
      checkpoints: Writes its checkpoints.
      events: Writes what TensorBoard shows.
      records: What has been measured.
      errors: The error of each example by split, once it is done.
      answers: What the net says of each test example, by name, once it is done.
      seconds: The time that went into it, by metric.
      recorded: The step up to which everything is recorded.
    """

    info: RunInfo
    store: RunStore
    checkpoints: CheckpointWriter
    events: Any = None
    records: list[Record] = dataclasses.field(default_factory=list)
    errors: dict[str, Any] = dataclasses.field(default_factory=dict)
    answers: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seconds: dict[str, float] = dataclasses.field(
        default_factory=lambda: {"train_seconds": 0.0, "data_seconds": 0.0, "eval_seconds": 0.0}
    )
    recorded: int = 0

    def add(self, step: int, probe: str, metrics: Mapping[str, float]) -> None:
        """Notes what was measured; a value that is not finite is left out."""
        for metric, value in metrics.items():
            if not math.isfinite(value):
                continue
            self.records.append(
                Record(
                    study=self.info.study,
                    variant=self.info.variant,
                    seed=self.info.seed,
                    step=step,
                    probe=probe,
                    metric=metric,
                    value=value,
                )
            )
            self.events.add_scalar(f"{probe}/{metric}", value, step)

    def last(self, probe: str) -> dict[str, float]:
        """Returns the newest value of each metric of a probe."""
        return {row.metric: row.value for row in self.records if row.probe == probe}

    @property
    def diverged_at(self) -> int | None:
        """The step at which it diverged, if it did."""
        step = self.last("run").get("diverged_at_step")
        return None if step is None else int(step)

    def record_training(self, log: StepMetrics, end: int) -> None:
        """Notes means over the steps that are not recorded yet, up to step ``end``.

        Taking none of them at the least loss scale is divergence.
        """
        begin = self.recorded
        if begin == end:
            return
        places = np.arange(begin, end) % len(log.loss)
        steps: StepMetrics = jax.tree.map(lambda past: past[places], log)
        finite = np.isfinite(steps.loss)
        if self.diverged_at is None and not finite.all():
            self.add(end, "run", {"diverged_at_step": float(begin + 1 + np.argmin(finite))})
        if self.diverged_at is None:
            means = {"loss": float(steps.loss.mean()), "error": float(steps.error.mean())}
            self.add(end, "training", means)
        if steps.loss_scale is not None:
            by = jax.tree.map(lambda past: past[-1], steps.loss_scale)
            before = self.last("run").get("skipped_steps", 0.0)
            if (
                self.diverged_at is None
                and by.scale <= LEAST
                and by.skipped - before == end - begin
            ):
                self.add(end, "run", {"diverged_at_step": float(begin + 1)})
            self.add(end, "training", {"loss_scale": float(by.scale)})
            self.add(end, "run", {"skipped_steps": float(by.skipped)})

    def write_measured(self) -> None:
        """Writes what was measured to the folder of the run."""
        self.store.write_records(self.records)
        if self.errors:
            self.store.write_errors(self.errors)
        if self.answers:
            self.store.write_answers(self.answers)

    def measured(self, step: int) -> Measured:
        """Returns what was measured up to a checkpoint, as its folder has it."""
        measured = self.store.checkpoints.measured(step) if step else Measured()
        if measured is None:  # of an earlier version
            return Measured(self.store.read_records(step))
        return measured

    def take_measured(self, measured: Measured) -> None:
        """Goes on from what was measured."""
        self.records, self.errors = list(measured.records), dict(measured.errors)
        self.answers = measured.answers

    def keep_answers(self, split: str, answers: Mapping[str, Any], *, known: bool) -> None:
        """Keeps what the net says of test examples; of others the labels, unless they are known.

        A streamed set may not know them, and would have to be read once more to count classes.
        """
        if split == "test":
            self.answers = {**self.answers, **answers}
        elif "label" in answers and not known:
            self.answers = {**self.answers, f"{split}_label": answers["label"]}

    def leave_out_test(self) -> None:
        """Leaves out the end of a shorter training: test images are read once."""
        self.records = [
            row
            for row in self.records
            if not (row.probe == "evaluation" and row.metric.startswith("test_"))
        ]
        self.errors, self.answers = {}, {}
        self.store.write_errors({})
        self.store.write_answers({})

    def outcome(self) -> Outcome:
        """Returns how the run ended, by its last evaluation."""
        step, times = max(row.step for row in self.records), self.last("run")
        evaluation = {
            r.metric: r.value for r in self.records if (r.probe, r.step) == ("evaluation", step)
        }
        return Outcome(
            status="diverged" if self.diverged_at else "finished",
            step=step,
            diverged_at=self.diverged_at,
            train_error=evaluation["train_error"],
            validation_error=evaluation.get("validation_error"),
            test_error=evaluation.get("test_error"),
            train_balanced_error=evaluation.get("train_balanced_error"),
            validation_balanced_error=evaluation.get("validation_balanced_error"),
            test_balanced_error=evaluation.get("test_balanced_error"),
            train_loss=None if self.diverged_at else evaluation.get("train_loss"),
            test_loss=None if self.diverged_at else evaluation.get("test_loss"),
            train_seconds=times["train_seconds"],
            eval_seconds=times["eval_seconds"],
        )


@contextlib.contextmanager
def timed(runs: Sequence[Run], part: str, *, stays: bool = False) -> Iterator[Callable[[], None]]:
    """Adds an equal share of the wall time of a block to what each run has used.

    Yields what adds the time so far. Where the process is asked to end in the block, its time
    counts if what it did stays, and is not done again.
    """
    last = time.perf_counter()

    def add() -> None:
        nonlocal last
        now = time.perf_counter()
        for run in runs:
            run.seconds[part] += (now - last) / len(runs)
        last = now

    try:
        yield add
    except interruption.InterruptedByUserError:
        if stays:
            add()
        raise
    add()


class Pace:
    """Waits for the steps that were dispatched once a second, or for each that takes longer.

    An accelerator takes up to 32 programs ahead, and a save waits for all that it has taken: after
    a signal for longer than there is time, where a step takes a third of a second or more. What
    fast ones lose is the start of one of them a second.
    """

    def __init__(self) -> None:
        """Waits for the first step, as it is not known how long one takes."""
        self._ahead, self._most, self._since = 0, 1, time.monotonic()

    def dispatched(self, output: Any) -> None:
        """Counts a step, and waits for some of its output where a second of them is in flight."""
        self._ahead += 1
        if self._ahead < self._most:
            return
        jax.block_until_ready(output)
        now = time.monotonic()
        most = int(_AHEAD_SECONDS * self._ahead / max(now - self._since, 1e-3))
        self._ahead, self._most, self._since = 0, max(1, most), now
