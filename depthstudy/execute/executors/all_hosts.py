"""The work of a study over several hosts: all do a task in step, or each takes what is next.

One net over all devices is trained in step. A population, of seeds that each fit a device, or a
probe needs one host; hosts take such tasks one after the other by a number that is counted up, so
none waits for a slower one, and no result depends on who did what. The runs that are dealt out lie
in one folder that all hosts see. What is trained in step needs no such folder: one host reads and
writes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from absl import logging

from depthstudy import hosts
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.execute.executors.executor import ExecutorTask, InProcess, InStep, Worker
from depthstudy.execute.progress import Event, EventSink, StatusChanged, WorkDone
from depthstudy.execute.trainer import Trainer
from depthstudy.plan import Variant, prepare
from depthstudy.store import RunStore, UnwrittenRun, bucket, remove, write_text

_CALLS, _CLAIMS, _DONE, _HEARD, _SEEN = "calls", "claims", "done", "heard", "seen"
_PROOF = ".hosts"  # a file that shows that two hosts see one folder
_LOOK_SECONDS = 0.2
_NOT_SHARED = (
    "other hosts do not see %s, so this one does by itself what is not trained over all devices: "
    "give a --workdir that all see, or config.train.placement='jit'"
)


class _Setup(NamedTuple):
    """What a host has to know to do the tasks of a study."""

    study: StudyConfig
    sets: Mapping[DataConfig, str]
    workdir: str


class _Call(NamedTuple):
    """Tasks to do in step, or to be dealt out."""

    setup: _Setup
    function: Callable[..., None]
    tasks: tuple[ExecutorTask, ...]


class _Look(NamedTuple):
    """The question whether a host sees a file."""

    workdir: str
    proof: str


class AllHosts:
    """Does tasks on all hosts; of them this one asks, decides and writes."""

    def __init__(
        self,
        study: StudyConfig,
        variants: Mapping[str, Variant],
        workdir: Path,
        sets: Mapping[DataConfig, str],
    ) -> None:
        """Asks the other hosts for nothing yet.

        Args:
          study: The config.
          variants: Its plan by name.
          workdir: Folder of the study.
          sets: Name of the set of each ``data.source_key``, which the others have to find.
        """
        self._in_process = InProcess(study, variants, workdir)
        self._workdir = workdir
        self._setup = _Setup(study, dict(sets), bucket.portable(workdir))
        self.is_shared: bool | None = None

    def do(
        self, function: Callable[..., None], tasks: Iterable[ExecutorTask], sink: EventSink
    ) -> None:
        """Calls the function for each task, on all hosts in step or on one of them."""
        tasks = tuple(tasks)
        if isinstance(function, InStep):
            _ask(_Call(self._setup, function, tasks))
            self._in_process.do(function, tasks, sink)
        elif tasks and self._all_see_the_folder():
            self._deal(function, tasks, sink)
        else:
            self._in_process.do(function, tasks, sink)

    def close(self) -> None:
        """Does nothing: the others end with this host."""

    def _deal(
        self, function: Callable[..., None], tasks: tuple[ExecutorTask, ...], sink: EventSink
    ) -> None:
        number = _ask(_Call(self._setup, function, tasks))
        done: set[int] = set()
        for task in _claimed(number, len(tasks)):
            self._in_process.do(function, [tasks[task]], sink)
            done.add(task)
            _hear(number, done, sink)
        while len(done) < len(tasks):
            time.sleep(_LOOK_SECONDS)
            bucket.check(self._workdir)
            _hear(number, done, sink)
        hosts.board().remove(f"{_DONE}/{number}")
        bucket.catch_up(self._workdir)

    def _all_see_the_folder(self) -> bool:
        if self.is_shared is None:
            workdir, proof = self._workdir, secrets.token_hex(8)
            write_text(workdir / _PROOF, proof)
            bucket.finish()
            number = _ask(_Look(self._setup.workdir, proof))
            others = [host for host in range(hosts.count()) if host != hosts.number()]
            seen = [hosts.board().read(f"{_SEEN}/{number}/{host}") for host in others]
            remove(workdir / _PROOF)
            self.is_shared = all(seen)
            if not self.is_shared:
                logging.warning(_NOT_SHARED, workdir)
        return self.is_shared


def _ask(what: _Call | _Look | None) -> int:
    """Asks the other hosts for something, and returns its number."""
    number = hosts.board().next_number(_CALLS)
    hosts.board().write(f"{_CALLS}/{number}", what)
    return number


def _claimed(number: int, tasks: int) -> Iterator[int]:
    """Yields the tasks of a call that this host is the first to claim."""
    while (task := hosts.board().next_number(f"{_CLAIMS}/{number}")) < tasks:
        yield task


def _hear(number: int, done: set[int], sink: EventSink) -> None:
    """Passes on what happened at tasks that other hosts have done since the last call."""
    for name, events in hosts.board().under(f"{_DONE}/{number}").items():
        if int(name) not in done:
            done.add(int(name))
            for event in events:
                sink(event)


def dismiss() -> None:
    """Tells the other hosts that all is done."""
    if hosts.count() > 1:
        _ask(None)


def follow() -> None:
    """Does what the writer asks for, until it says that all is done; called again, what follows.

    Raises:
      InputError: This host does not have the images that the writer has.
    """
    worker: Worker | None = None
    setup: _Setup | None = None
    while True:
        number = hosts.board().next_number(f"{_HEARD}/{hosts.number()}")
        asked = hosts.board().read(f"{_CALLS}/{number}")
        if asked is None:
            return
        if isinstance(asked, _Look):
            sees = bucket.content(asked.workdir, _PROOF) == asked.proof
            hosts.board().write(f"{_SEEN}/{number}/{hosts.number()}", sees)
            continue
        if worker is None or asked.setup != setup:
            worker, setup = _ready(asked.setup), asked.setup
        _take_part(worker, number, asked)


def _ready(setup: _Setup) -> Worker:
    study, sets, workdir = setup.study, setup.sets, bucket.task_folder(setup.workdir)
    variants = {variant.name: variant for variant in prepare(study, sets)[1]}
    return Worker(study, variants, workdir, Trainer(workdir, _ignore), _ignore)


def _take_part(worker: Worker, number: int, call: _Call) -> None:
    if isinstance(call.function, InStep):
        worker.trainer.store, worker.trainer.sink = UnwrittenRun, _ignore
        for task in call.tasks:
            call.function(worker, *task.arguments)
        return
    for place in _claimed(number, len(call.tasks)):
        events: list[Event] = []
        worker.trainer.store, worker.trainer.sink = RunStore, events.append
        bucket.take_part(call.setup.workdir)
        try:
            call.function(worker._replace(sink=events.append), *call.tasks[place].arguments)
        finally:
            bucket.finish()
        hosts.board().write(f"{_DONE}/{number}/{place}", _condensed(events))


def _condensed(events: Iterable[Event]) -> list[Event]:
    """Returns events but for those that only a bar shows, and the work as one."""
    events = list(events)
    work = sum(event.work for event in events if isinstance(event, WorkDone))
    return [
        WorkDone(work),
        *(event for event in events if not isinstance(event, StatusChanged | WorkDone)),
    ]


def _ignore(event: Event) -> None:
    """Hears an event that the writer has as well."""
