"""Which processes are there at once: those that measure are not beside those that train."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from depthstudy import execute, plan, store
from depthstudy.config import StudyConfig, apply
from depthstudy.execute import EventSink
from depthstudy.execute.executors.executor import ExecutorTask

SMALL = apply(
    StudyConfig(),
    (
        ("seeds", 1),
        ("processes", 2),
        ("sweep", (("model.depth", (8, 14)),)),
        ("model.width", 4),
        ("train.steps", 2),
        ("probes", ("field",)),
    ),
)
DONE = store.Outcome(
    status="finished",
    step=2,
    diverged_at=None,
    train_error=0.5,
    test_error=0.5,
    train_loss=1.0,
    test_loss=1.0,
    train_seconds=1.0,
    eval_seconds=1.0,
)


class Executors:
    """Remembers the executors that were opened, of which one may be open."""

    def __init__(self) -> None:
        self.opened: list[Executor] = []

    def open(self, *arguments: Any) -> Executor:
        assert all(one.is_closed for one in self.opened)
        self.opened.append(Executor())
        return self.opened[-1]


class Executor:
    """Counts tasks."""

    tasks, is_closed = 0, False

    def do(
        self, function: Callable[..., None], tasks: Iterable[ExecutorTask], sink: EventSink
    ) -> None:
        assert not self.is_closed
        self.tasks += len([*tasks])

    def close(self) -> None:
        self.is_closed = True


def test_those_that_train_make_room_for_those_that_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executors = Executors()
    monkeypatch.setattr("depthstudy.execute.training.open_executor", executors.open)
    study, variants = plan.prepare(SMALL)
    for variant in variants:
        store.RunStore.of(tmp_path, variant.name, 0).write_outcome(DONE)
    with contextlib.closing(execute.Session(study, variants, tmp_path)) as session:
        session.do(print, [ExecutorTask(())])
        session.do(print, [ExecutorTask(())])
        execute.measure(session, study, variants, tmp_path)
        session.do(print, [ExecutorTask(())])
    assert [one.tasks for one in executors.opened] == [2, 2, 1]
    assert all(one.is_closed for one in executors.opened)
