"""A host that follows the one that writes."""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Any

import pytest

from depthstudy.config import StudyConfig
from depthstudy.execute.executors import all_hosts
from depthstudy.execute.executors.all_hosts import AllHosts
from depthstudy.execute.executors.executor import ExecutorTask, InStep, Worker


class Board:
    """Messages in this process."""

    def __init__(self) -> None:
        self.messages: dict[str, Any] = {}
        self.counts: collections.Counter[str] = collections.Counter()

    def write(self, name: str, value: Any) -> None:
        self.messages[name] = value

    def read(self, name: str) -> Any:
        return self.messages[name]

    def next_number(self, name: str) -> int:
        self.counts[name] += 1
        return self.counts[name] - 1


def note(worker: Worker, workdirs: list[Path]) -> None:
    workdirs.append(worker.workdir)


def test_a_second_study_is_followed_from_its_own_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board()
    monkeypatch.setattr("depthstudy.hosts.board", lambda: board)
    workdirs: list[Path] = []
    for name in ("first", "second"):
        executor = AllHosts(StudyConfig(), {}, tmp_path / name, {})
        executor.do(InStep(note), [ExecutorTask((workdirs,))], print)
        with monkeypatch.context() as patch:
            patch.setattr("depthstudy.hosts.count", lambda: 2)
            all_hosts.dismiss()
        all_hosts.follow()
    writer_and_follower = [tmp_path / "first"] * 2 + [tmp_path / "second"] * 2
    assert workdirs == writer_and_follower
