"""What is told while a study is run: a bar over all its work, and a line a run that is done."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from depthstudy.store import Outcome

_BAR = "{percentage:3.0f}% |{bar:24}| {elapsed}, {remaining} left  {desc}"
_LINE_SECONDS = 60.0  # between lines that stand for a bar where there is no terminal


@dataclasses.dataclass(frozen=True)
class StatusChanged:
    """What is being done from now on."""

    status: str


@dataclasses.dataclass(frozen=True)
class WorkDone:
    """So much more of the work is done."""

    work: int


@dataclasses.dataclass(frozen=True)
class Compiled:
    """Tracing and compiling took so many seconds."""

    seconds: float


@dataclasses.dataclass(frozen=True)
class RunFinished:
    """A run has ended."""

    variant: str
    seed: int
    outcome: Outcome


Event = StatusChanged | WorkDone | Compiled | RunFinished
EventSink = Callable[[Event], None]


class Bar:
    """A bar whose time left is that of all the work, at the mean rate of what was done here.

    Where there is no terminal, it is a line a minute.

    Attributes:
      compile_seconds: The time that went into compiling.
    """

    def __init__(self, work: int, done: int = 0) -> None:
        """Shows the bar; some of the work may have been done before."""
        self.compile_seconds = 0.0
        self._work, self._before, self._done = work, done, done
        self._begun = self._last_printed = time.monotonic()
        self._bar: Any = tqdm(
            total=work, initial=done, bar_format=_BAR, disable=None, smoothing=0.0
        )

    def show(self, event: Event) -> None:
        """Shows what has happened."""
        match event:
            case StatusChanged():
                self._bar.set_description(event.status)
            case WorkDone():
                self._bar.update(event.work)
                self._done += event.work
                self._tell()
            case Compiled():
                self.compile_seconds += event.seconds
            case RunFinished():
                self._bar.write(_line(event), file=sys.stderr)

    def _tell(self) -> None:
        now = time.monotonic()
        newly_done = self._done - self._before  # nothing yet, where a run only begins anew
        if not self._bar.disable or newly_done <= 0 or now - self._last_printed < _LINE_SECONDS:
            return
        self._last_printed, gone = now, now - self._begun
        left = gone * (self._work - self._done) / newly_done
        intervals = tqdm.format_interval(gone), tqdm.format_interval(max(0.0, left))
        text = "{:.0%} done after {}, about {} left".format(self._done / self._work, *intervals)
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leaves the bar as it is."""
        self._bar.close()


def _line(run: RunFinished) -> str:
    outcome = run.outcome
    diverged = f", diverged at step {outcome.diverged_at}" if outcome.diverged_at else ""
    return (
        f"{run.variant} seed {run.seed}: train error {outcome.train_error:.1%}, "
        f"{_new_error(outcome)}, "
        f"{outcome.train_seconds + outcome.eval_seconds:.1f} s{diverged}"
    )


def _new_error(outcome: Outcome) -> str:
    if outcome.test_error is not None:
        return f"test error {outcome.test_error:.1%}"
    return f"validation error {outcome.validation_error:.1%}"
