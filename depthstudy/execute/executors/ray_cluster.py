"""Work of a study on a Ray cluster: ``config.executor="ray"``.

Ray schedules, starts workers and retries what a lost one was doing; a task finds in the study's
folder what was saved, and goes on from there. So all machines have to see that folder, which may
lie in a bucket, and have depthstudy installed. The process that calls stays on its CPU, and keeps
the lock, the plan and the decisions.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from absl import logging as absl_logging

from depthstudy import runtime
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import FailedError, InputError
from depthstudy.execute.executors.executor import Task, Worker
from depthstudy.execute.executors.worker_process import portable, ready
from depthstudy.execute.progress import Event, EventSink
from depthstudy.store import bucket

_MOST_LOSSES = 3  # workers that a task may cost before it is given up
_LOOK_SECONDS = 0.2
_LOST = (
    "{} workers of the Ray cluster were lost at the same task, perhaps for want of memory; the same"
    " command goes on"
)
_UNHEARD = (
    "Ray lost the process on this machine that its workers tell their progress to; the same command"
    " goes on"
)


class Share(NamedTuple):
    """What one task gets of the cluster.

    Attributes:
      platform: What JAX has to find in the worker.
      resources: What Ray is asked for.
      threads: Of a CPU: how many XLA uses.
      slots: How many tasks the cluster does at once.
    """

    platform: str
    resources: Mapping[str, float]
    threads: int
    slots: int


class _Job(NamedTuple):
    """What a worker has to know before its first task of a study."""

    token: str
    study: StudyConfig
    sets: Mapping[DataConfig, str]
    workdir: str
    config_file: str | None
    platform: str


def connect() -> Any:
    """Joins the cluster at ``RAY_ADDRESS``, or starts one on this machine; returns Ray.

    Raises:
      InputError: Ray is not installed, or there is no cluster at the address.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "config.executor='ray' needs Ray: pip install \"depthstudy[ray]\", here and on every"
            " machine of the cluster"
        ) from error
    if not ray.is_initialized():
        os.environ.setdefault("RAY_task_oom_retries", str(_MOST_LOSSES))
        address = os.environ.get("RAY_ADDRESS")
        options: dict[str, Any] = {} if address else {"num_cpus": runtime.cores()}
        try:
            ray.init(
                address=address or "local",
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **options,
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise InputError(f"no Ray cluster at RAY_ADDRESS={address}: {reason}") from error
    return ray


def lead() -> None:
    """Has this process lead a study on a cluster; call it before JAX's first use.

    Accelerators are for the tasks, and a cluster that is started here begins as processes do before
    JAX has threads.

    Raises:
      InputError: As ``connect``.
    """
    runtime.use_cpu()
    connect()


def share(study: StudyConfig, total: Mapping[str, float]) -> Share:
    """Returns what each task gets of a cluster with these resources.

    A task has a GPU, or all TPU chips of a host, where the cluster has any; of a cluster of CPUs it
    has one core, or with ``config.processes`` an equal share.

    >>> share(StudyConfig(), {"CPU": 8.0})
    Share(platform='cpu', resources={'num_cpus': 1}, threads=1, slots=8)
    >>> share(StudyConfig(), {"CPU": 64.0, "GPU": 4.0}).slots
    4
    """
    if gpus := int(total.get("GPU", 0)):
        return Share("gpu", {"num_cpus": 1, "num_gpus": 1}, 0, gpus)
    if total.get("TPU"):
        hosts = max(1, sum(name.startswith("node:") and name.count(".") == 3 for name in total))
        chips = int(total["TPU"]) // hosts
        return Share("tpu", {"num_cpus": 1, "TPU": chips}, 0, hosts)
    cores = max(1, int(total.get("CPU", 1)))
    slots = min(study.processes or cores, cores)
    return Share("cpu", {"num_cpus": cores // slots}, cores // slots, slots)


def slots(study: StudyConfig) -> int:
    """Returns how many tasks the cluster does at once."""
    return share(study, connect().cluster_resources()).slots


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

        self._ray = connect()
        self._workdir = workdir
        self._share = share(study, self._ray.cluster_resources())
        self._job = _Job(
            uuid.uuid4().hex,
            study,
            dict(sets or {}),
            bucket.portable(workdir),
            None if config_file is None else str(Path(config_file).absolute()),
            self._share.platform,
        )
        # Beside the process that calls, as other machines may be lost.
        here = NodeAffinitySchedulingStrategy(
            self._ray.get_runtime_context().get_node_id(), soft=False
        )
        options = {"num_cpus": 0, "scheduling_strategy": here}
        self._events: Any = Queue(actor_options=options)
        self._pending: list[Any] = []
        self._begun: collections.Counter[int] = collections.Counter()

    def do(self, function: Callable[..., None], tasks: Iterable[Task], sink: EventSink) -> None:
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
            max_retries=_MOST_LOSSES - 1,
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
            raise FailedError(_LOST.format(_MOST_LOSSES)) from None
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
