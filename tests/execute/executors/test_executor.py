"""Work in the process that calls."""

from __future__ import annotations

from pathlib import Path

from depthstudy.config import StudyConfig
from depthstudy.execute.executors.executor import ExecutorTask, InProcess, Worker
from depthstudy.execute.progress import Event, StatusChanged


def tell(worker: Worker, text: str) -> None:
    """Tells what a trainer tells, and the task itself."""
    worker.trainer.sink(StatusChanged(f"trainer: {text}"))
    worker.sink(StatusChanged(f"task: {text}"))


def test_each_call_is_told_to_its_own_sink(tmp_path: Path) -> None:
    executor = InProcess(StudyConfig(), {}, tmp_path)
    for text in ("first", "second"):
        heard: list[Event] = []
        executor.do(tell, [ExecutorTask((text,))], heard.append)
        assert heard == [StatusChanged(f"trainer: {text}"), StatusChanged(f"task: {text}")]
