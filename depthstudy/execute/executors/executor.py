"""Who does the work of a study: one small interface, and the process that calls as its first form.

A task is a function that can be imported and plain arguments. What it does, it leaves in the run
folders; so tasks may run in any process, on any machine that sees them, and again after a kill.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from depthstudy.config import StudyConfig
from depthstudy.execute.progress import EventSink
from depthstudy.execute.trainer import Trainer
from depthstudy.plan import Variant


class ExecutorTask(NamedTuple):
    """The arguments of a call, and what tells who had best do it.

    Attributes:
      arguments: Those after the worker.
      about: What it is about: whoever has done one about the same has compiled what it needs.
      work: How much it is beside others, in a unit of theirs.
    """

    arguments: tuple[Any, ...]
    about: str = ""
    work: float = 0.0


class Worker(NamedTuple):
    """What a process has at hand for the tasks that it is given."""

    study: StudyConfig
    variants: Mapping[str, Variant]
    workdir: Path
    trainer: Trainer
    sink: EventSink


@dataclasses.dataclass(frozen=True)
class InStep:
    """A function of a task that all hosts do together, rather than one of them."""

    function: Callable[..., None]

    def __call__(self, *arguments: Any) -> None:
        """Calls the function."""
        self.function(*arguments)


class Executor(Protocol):
    """Does tasks for a study."""

    def do(
        self, function: Callable[..., None], tasks: Iterable[ExecutorTask], sink: EventSink
    ) -> None:
        """Calls ``function(worker, *arguments)`` for each task, and returns when all are done.

        Args:
          function: One that can be imported, or ``InStep`` of it, which differs on several hosts.
          tasks: The calls, in the order in which they should begin.
          sink: Is given the events of all calls.

        Raises:
          Exception: What a call has raised; then the executor can only be closed.
        """

    def close(self) -> None:
        """Ends whatever is still running; what was being written is whole."""


class InProcess:
    """Does one task after another in the process that calls."""

    def __init__(self, study: StudyConfig, variants: Mapping[str, Variant], workdir: Path) -> None:
        """Works in the folder of a study, given its plan by name."""
        self._worker = study, variants, workdir
        self._trainer: Trainer | None = None

    def do(
        self, function: Callable[..., None], tasks: Iterable[ExecutorTask], sink: EventSink
    ) -> None:
        """Calls the function for each task."""
        if self._trainer is None:
            self._trainer = Trainer(self._worker[2], sink)
        self._trainer.sink = sink
        worker = Worker(*self._worker, self._trainer, sink)
        for task in tasks:
            function(worker, *task.arguments)

    def close(self) -> None:
        """Does nothing."""
