"""Who waits for others that write to a bucket ends with them once the bucket is another's."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from depthstudy.config import StudyConfig
from depthstudy.errors import FailedError
from depthstudy.execute.executors.all_hosts import AllHosts
from depthstudy.execute.executors.executor import ExecutorTask, Worker
from depthstudy.execute.executors.worker_pool import WorkerPool
from depthstudy.store import bucket
from depthstudy.store.bucket import places
from depthstudy.store.bucket.process import UPLOADS

URL = "s3://bucket/study"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Returns the local copy of a study whose lease was lost."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    UPLOADS.stop(FailedError("taken over"))
    yield places.inside(places.room("work", URL), URL)
    UPLOADS.forget()


def linger(worker: Worker) -> None:
    time.sleep(5)


def children() -> set[str]:
    """Returns the processes that the first thread of this one has begun and not waited for."""
    return {*Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()}


def test_processes_are_killed(workdir: Path) -> None:
    """They have no lease, and asked to end they would save once more."""
    before = children()
    with contextlib.closing(WorkerPool(StudyConfig(), workdir, 1)) as pool:
        with pytest.raises(FailedError, match="taken over"):
            pool.do(linger, [ExecutorTask(())], print)
        assert children() <= before
    bucket.check(Path("local"))  # which is of no bucket


class Board:
    """Messages of hosts of which another one has claimed every task."""

    looks = 0

    def write(self, name: str, value: Any) -> None:
        """Leaves nothing."""

    def next_number(self, name: str) -> int:
        return 1

    def under(self, folder: str) -> dict[str, Any]:
        self.looks += 1
        return {"0": []}

    def remove(self, name: str) -> None:
        """Has nothing to remove."""


def test_hosts_are_not_waited_for(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board()
    monkeypatch.setattr("depthstudy.hosts.board", lambda: board)
    executor = AllHosts(StudyConfig(), {}, workdir, {})
    executor.is_shared = True
    with pytest.raises(FailedError, match="taken over"):
        executor.do(linger, [ExecutorTask(())], print)
    assert board.looks == 0
