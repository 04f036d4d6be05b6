"""Work in other processes: all of it comes back, or an error."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import pandas as pd
import pytest

from depthstudy import runtime, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import FailedError, InputError
from depthstudy.execute.executors import process_count
from depthstudy.execute.executors.executor import ExecutorTask, Worker
from depthstudy.execute.executors.worker_pool import WorkerPool
from depthstudy.execute.progress import Event, StatusChanged, WorkDone

SMALL = apply(
    StudyConfig(),
    (
        ("seeds", 2),
        ("model.width", 4),
        ("train.steps", 4),
        ("train.evaluations", 2),
        ("train.batch_size", 256),
        ("train.placement", "pmap"),
        ("model.depth", 14),
        ("sweep", (("prune.blocks", (0.5,)),)),
        ("prune.fine_tune_epochs", 1),
        ("probes", ("field",)),
    ),
)


@pytest.fixture
def one_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    monkeypatch.setattr(runtime, "cores", lambda: 8)
    monkeypatch.setattr(process_count, "machine_memory", lambda: 20 * 2**30)


def test_several_devices_are_for_one_process(tmp_path: Path) -> None:
    assert process_count.count(SMALL, 100, 1e6) == 1
    several = apply(SMALL, (("processes", 2),))
    for function in (study.describe, lambda config: study.run(config, tmp_path / "study")):
        with pytest.raises(InputError, match=r"processes=2 has to be 1 on 8 x cpu"):
            function(several)
    assert not (tmp_path / "study").exists()


def numbers(workdir: Path) -> pd.DataFrame:
    table = pd.read_csv(workdir / store.RECORDS, keep_default_na=False)
    return table[~table["metric"].str.endswith("seconds")].reset_index(drop=True)


@pytest.mark.slow
@pytest.mark.usefixtures("one_cpu")
def test_what_is_pruned_and_measured_elsewhere_is_the_same(tmp_path: Path) -> None:
    side_by_side = study.run(apply(SMALL, (("processes", 2),)), tmp_path / "two")
    assert side_by_side.info.processes == 2
    assert side_by_side.info.seconds["compile"] > 0
    assert study.conclusion(side_by_side).endswith(" in 2 processes")
    assert study.run(apply(SMALL, (("processes", 1),)), tmp_path / "one").info.processes == 1
    tables = (numbers(tmp_path / name) for name in ("two", "one"))
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    more = study.run(apply(SMALL, (("processes", 1),)), tmp_path / "two")
    assert more.info.processes == 2


def advance(worker: Worker, work: int) -> None:
    worker.sink(StatusChanged(f"{work} in {worker.workdir.name}"))
    worker.sink(WorkDone(work))


def refuse(worker: Worker, message: str) -> None:
    raise InputError(f"{message}: {worker.study.seeds}")


class UnreadableError(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def fail_unreadably(worker: Worker) -> None:
    raise UnreadableError("one", "other")


def linger(worker: Worker, seconds: float) -> None:
    time.sleep(seconds)


def have_one_thread(worker: Worker) -> None:
    """What is large is cut for each thread that XLA has."""
    program = jax.jit(lambda x: jnp.tanh(x) * x).lower(jnp.ones((512, 512, 16))).compile()
    if "outer_dimension_partitions" in program.as_text():
        raise RuntimeError("XLA has several threads")


def die(worker: Worker) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with contextlib.closing(WorkerPool(SMALL, Path("folder"), 2)) as pool:
        yield pool


def test_all_tasks_are_done_and_told(pool: WorkerPool) -> None:
    events: list[Event] = []
    pool.do(advance, [ExecutorTask((i,)) for i in range(20)], events.append)
    works = [event.work for event in events if isinstance(event, WorkDone)]
    assert sorted(works) == list(range(20))
    assert StatusChanged("7 in folder") in events
    pool.do(advance, [], events.append)


@pytest.mark.slow
def test_no_more_are_begun_than_there_are_tasks() -> None:
    before = children(os.getpid())
    with contextlib.closing(WorkerPool(SMALL, Path("folder"), 3)) as pool:
        for tasks, expected in ((0, 0), (1, 1), (2, 2), (1, 2)):
            pool.do(advance, [ExecutorTask((1,)) for _ in range(tasks)], lambda event: None)
            assert len(children(os.getpid()) - before) == expected
    assert children(os.getpid()) <= before


def test_an_error_is_raised_here(pool: WorkerPool) -> None:
    with pytest.raises(InputError, match="no good: 2") as caught:
        pool.do(refuse, [ExecutorTask(("no good",))], print)
    assert "in refuse" in caught.value.__notes__[0]


def test_an_error_of_a_user_comes_back_with_its_place() -> None:
    line = fail_unreadably.__code__.co_firstlineno + 1
    with (
        contextlib.closing(WorkerPool(SMALL, Path("folder"), 2)) as pool,
        pytest.raises(
            InputError, match=rf"test_worker_pool\.py:{line}: UnreadableError: oneother"
        ) as caught,
    ):
        pool.do(fail_unreadably, [ExecutorTask(())], print)
    assert "in fail_unreadably" in caught.value.__notes__[0]


@pytest.mark.slow
def test_one_that_fails_ends_those_that_are_busy() -> None:
    before = children(os.getpid())
    pool = WorkerPool(SMALL, Path("folder"), 2)
    with contextlib.closing(pool), pytest.raises(InputError, match="TypeError"):
        pool.do(linger, [ExecutorTask((3600.0,)), ExecutorTask((None,))], print)
    assert children(os.getpid()) <= before


def test_what_cannot_begin_says_why() -> None:
    impossible = apply(SMALL, (("model.family", "no_such_family"),))
    with (
        contextlib.closing(WorkerPool(impossible, Path("folder"), 1)) as pool,
        pytest.raises(InputError, match="no_such_family"),
    ):
        pool.do(linger, [ExecutorTask((0,))], print)


def test_each_has_its_share_of_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS")
    processes_for_all = runtime.cores()
    with contextlib.closing(WorkerPool(SMALL, Path("folder"), processes_for_all)) as pool:
        pool.do(have_one_thread, [ExecutorTask(())], print)


def die_once(worker: Worker, mark: str) -> None:
    """Leaves a file and is killed; where the file is, it tells so."""
    if not Path(mark).exists():
        Path(mark).touch()
        die(worker)
    worker.sink(StatusChanged("again"))


@pytest.mark.slow
def test_a_killed_process_is_replaced(tmp_path: Path) -> None:
    events: list[Event] = []
    with contextlib.closing(WorkerPool(SMALL, Path("folder"), 2)) as pool:
        tasks = [ExecutorTask((str(tmp_path / name),)) for name in ("one", "other")]
        pool.do(die_once, tasks, events.append)
        assert events == [StatusChanged("again")] * 2
        pool.do(advance, [ExecutorTask((7,))], events.append)
    assert WorkDone(7) in events


@pytest.mark.slow
def test_a_task_that_is_killed_again_is_given_up() -> None:
    with (
        contextlib.closing(WorkerPool(SMALL, Path("folder"), 2)) as pool,
        pytest.raises(FailedError, match="were killed at the same task"),
    ):
        pool.do(die, [ExecutorTask(())], print)


@pytest.mark.slow
def test_they_end_with_the_process_that_began_them() -> None:
    code = """
import time
from pathlib import Path
from test_worker_pool import SMALL, advance
from depthstudy.execute.executors.executor import ExecutorTask
from depthstudy.execute.executors.worker_pool import WorkerPool
pool = WorkerPool(SMALL, Path("folder"), 2)
pool.do(advance, [ExecutorTask((i,)) for i in range(2)], lambda event: None)
print("started", flush=True)
time.sleep(3600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        assert len(children(parent.pid)) == 2
        parent.kill()
        parent.communicate(timeout=60)  # until all that could write to it have ended


def children(parent: int) -> set[int]:
    """Returns the processes that the first thread of one has begun and not waited for."""
    return {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}
