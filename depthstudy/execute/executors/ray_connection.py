"""The Ray cluster that does a study's work, and what each of its tasks gets of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from depthstudy import runtime
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError, required

MOST_LOSSES = 3  # workers that a task may cost before it is given up


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


def connect() -> Any:
    """Joins the cluster at ``RAY_ADDRESS``, or starts one on this machine; returns Ray.

    Raises:
      InputError: Ray is not installed, or there is no cluster at the address.
    """
    ray = required("ray", extra="ray", by="config.executor='ray', on each machine of the cluster,")
    if not ray.is_initialized():
        os.environ.setdefault("RAY_task_oom_retries", str(MOST_LOSSES))
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


def resources() -> list[Mapping[str, float]]:
    """Returns what each machine of the cluster has, by Ray's names."""
    return [node["Resources"] for node in connect().nodes() if node["Alive"]]


def share(study: StudyConfig, machines: Sequence[Mapping[str, float]]) -> Share:
    """Returns what each task gets of a cluster of machines with these resources.

    A task has a GPU, or all TPU chips of a host, where the cluster has any. On CPUs it has one
    core; with ``config.processes`` as many as so many tasks at once leave, on one machine.

    >>> share(StudyConfig(), [{"CPU": 8.0}])
    Share(platform='cpu', resources={'num_cpus': 1}, threads=1, slots=8)
    >>> share(StudyConfig(processes=1), [{"CPU": 8.0}, {"CPU": 4.0}]).threads
    8
    >>> share(StudyConfig(), [{"CPU": 64.0, "GPU": 4.0}, {"CPU": 8.0}]).slots
    4
    """
    if gpus := sum(_of(machines, "GPU")):
        return Share("gpu", {"num_cpus": 1, "num_gpus": 1}, 0, gpus)
    if chips := _of(machines, "TPU"):
        return Share("tpu", {"num_cpus": 1, "TPU": min(chips)}, 0, len(chips))
    cores = _of(machines, "CPU") or [1]
    slots = min(study.processes or sum(cores), sum(cores))
    threads = max(n for n in range(1, max(cores) + 1) if sum(c // n for c in cores) >= slots)
    return Share("cpu", {"num_cpus": threads}, threads, slots)


def _of(machines: Sequence[Mapping[str, float]], name: str) -> list[int]:
    return [count for machine in machines if (count := int(machine.get(name, 0)))]


def slots(study: StudyConfig) -> int:
    """Returns how many tasks the cluster does at once."""
    return share(study, resources()).slots
