"""Work of a study on a Ray cluster: ``config.executor="ray"``.

Ray schedules, starts workers and retries what a lost one was doing; a task finds in the study's
folder what was saved, and goes on from there. So all machines have to see that folder, which may
lie in a bucket, and have depthstudy installed. The process that calls stays on its CPU, and keeps
the lock, the plan and the decisions.
"""

from __future__ import annotations

import collections
import contextlib
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from absl import logging as absl_logging

from depthstudy import runtime
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import FailedError
from depthstudy.execute.executors import ray_connection
from depthstudy.execute.executors.executor import ExecutorTask, Worker
from depthstudy.execute.executors.ray_connection import MOST_LOSSES
from depthstudy.execute.executors.worker_process import portable, ready
from depthstudy.execute.progress import Event, EventSink
from depthstudy.store import bucket

_LOOK_SECONDS = 0.2
_LOST = (
    "{} workers of the Ray cluster were lost at the same task, perhaps for want of memory; the same"
    " command goes on"
)
_UNHEARD = (
    "Ray lost the process on this machine that its workers tell their progress to; the same command"
    " goes on"
)


class _Job(NamedTuple):
    """What a worker has to know before its first task of a study."""

    token: str
    study: StudyConfig
    sets: Mapping[DataConfig, str]
    workdir: str
    config_file: str | None
    platform: str


class RayCluster:
    """Does tasks on a Ray cluster."""

    def __init__(
        self,
        study: StudyConfig,
        workdir: Path,
        config_file: str | None = None,
        *,
        sets: Mapping[DataConfig, str] | None = None,
    ) -> None:
        """Joins the cluster.

        Args:
          study: The config.
          workdir: Folder of the study, which all machines see, as they do one in a bucket.
          config_file: The file of the config; each worker runs it first.
          sets: Name of the set of each ``data.source_key``, which they have to find again.
        """
        from ray.util.queue import Queue
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._ray = ray_connection.connect()
        self._workdir = workdir
        self._share = ray_connection.share(study, ray_connection.resources())
        self._job = _Job(
            uuid.uuid4().hex,
            study,
            dict(sets or {}),
            bucket.portable(workdir),
            None if config_file is None else str(Path(config_file).absolute()),
            self._share.platform,
        )
        # Beside the process that calls, as other machines may be lost.
        strategy = NodeAffinitySchedulingStrategy(
            self._ray.get_runtime_context().get_node_id(), soft=False
        )
        options = {"num_cpus": 0, "scheduling_strategy": strategy}
        self._events: Any = Queue(actor_options=options)
        self._pending: list[Any] = []
        self._begun: collections.Counter[int] = collections.Counter()

    def do(
        self, function: Callable[..., None], tasks: Iterable[ExecutorTask], sink: EventSink
    ) -> None:
        """Calls ``function(worker, *arguments)`` for each task on a worker that is free.

        Raises:
          Exception: What a call has raised; then the executor can only be closed.
          FailedError: A task has cost as many workers as it may.
        """
        perform = self._remote()
        self._begun.clear()
        self._pending = [
            perform.remote(self._job, number, function, task.arguments, self._events)
            for number, task in enumerate(tasks)
        ]
        while self._pending:
            done, self._pending = self._ray.wait(
                self._pending, num_returns=1, timeout=_LOOK_SECONDS, fetch_local=True
            )
            self._hear(sink)
            bucket.check(self._workdir)
            for reference in done:
                self._take(reference)
            if done:
                bucket.catch_up(self._workdir)
        self._hear(sink)

    def close(self) -> None:
        """Ends what is still running; what was saved is whole."""
        for reference in self._pending:
            self._ray.cancel(reference, force=True)
        with contextlib.suppress(Exception):  # the queue's process may be gone already
            self._events.shutdown(force=True)

    def _remote(self) -> Any:
        resources = dict(self._share.resources)
        other = {name: resources.pop(name) for name in list(resources) if name[:4] != "num_"}
        environment = {"PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)}
        if self._share.threads:
            environment[runtime.THREADS] = str(self._share.threads)
            environment["JAX_PLATFORMS"] = "cpu"
        return self._ray.remote(
            **resources,
            resources=other,
            max_retries=MOST_LOSSES - 1,
            runtime_env={"env_vars": environment},
        )(_perform)

    def _hear(self, sink: EventSink) -> None:
        try:
            waiting = self._events.qsize()
            events = self._events.get_nowait_batch(waiting) if waiting else ()
        except self._ray.exceptions.RayError as lost:
            raise FailedError(_UNHEARD) from lost
        for event in events:
            if not isinstance(event, int):
                sink(event)
                continue
            self._begun[event] += 1
            if self._begun[event] > 1:
                absl_logging.warning(
                    "a worker of the Ray cluster was lost; another one goes on with what it did"
                )

    def _take(self, reference: Any) -> None:
        try:
            error = self._ray.get(reference)
        except (self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.OutOfMemoryError):
            raise FailedError(_LOST.format(MOST_LOSSES)) from None
        except self._ray.exceptions.RayError as lost:
            reason = str(lost).strip().partition("\n")[0]
            raise FailedError(f"a task was lost on the Ray cluster: {reason}") from lost
        if error is not None:
            raise error


_workers: dict[str, Worker] = {}  # of this process, which does one task after another


def _perform(
    job: _Job, number: int, function: Callable[..., None], arguments: tuple[Any, ...], events: Any
) -> Exception | None:
    """Does a task in a worker of the cluster; returns what it raised, as Ray would wrap it."""

    def sink(event: Event) -> None:
        events.put(event)

    events.put(number)
    try:
        workdir = bucket.take_part(job.workdir)
        if job.token not in _workers:
            _workers.clear()
            _workers[job.token] = ready(
                job.study, job.sets, workdir, job.config_file, sink, job.platform
            )
        function(_workers[job.token], *arguments)
        bucket.finish()
    except Exception as error:
        return portable(error)
    return None
