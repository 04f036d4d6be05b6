"""In how many processes the work of a study is worth sharing out, on a CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import jax

from depthstudy import hosts, runtime
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.execute.executors import ray_connection
from depthstudy.execute.following import following_share
from depthstudy.plan import Variant

_WORK_A_SECOND = 20e9  # multiply-accumulates of forward passes while training, about, on a core
_LEAST_SECONDS = 10  # of work that are worth starting a process
_MEMORY = 3 * 2**30  # bytes of the machine for each process
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def count(study: StudyConfig, tasks: int, seconds: float) -> int:
    """Returns in how many processes so many tasks are done; 1 is this one alone.

    Args:
      study: The config.
      tasks: Parts that can be done by themselves.
      seconds: About what all of them take.
    """
    if study.executor == "ray":
        return max(1, min(ray_connection.slots(study), tasks))
    if study.processes is not None:
        return max(1, min(study.processes, tasks))
    fitting = min(
        runtime.cores(), tasks, int(seconds / _LEAST_SECONDS), machine_memory() // _MEMORY
    )
    return max(1, fitting) if _is_one_cpu() else 1


def for_training(study: StudyConfig, variants: Sequence[Variant]) -> int:
    """Returns in how many processes runs, and what follows, are trained, however many are left."""
    distinct = [variant for variant in variants if not variant.info.same_as]
    pruned = sum(variant.is_pruned for variant in distinct)  # which wait for the others
    together = max(pruned, len(distinct) - pruned) * study.seeds
    work = sum(variant.work for variant in distinct) * study.seeds
    return count(study, together, work * (1 + following_share(study, variants)) / _WORK_A_SECOND)


def for_work(study: StudyConfig, tasks: int, work: float) -> int:
    """Returns in how many processes tasks are done that take so many multiply-accumulates."""
    return count(study, tasks, work / _WORK_A_SECOND)


def check(study: StudyConfig) -> None:
    """Raises InputError where who is to do the runs does not go with what is here."""
    if study.executor == "ray" and hosts.count() > 1:
        raise InputError(
            f"config.executor='ray' finds its machines by itself, and this is one of "
            f"{hosts.count()} hosts that train together: give the command on one machine alone, or "
            "take config.executor='local'"
        )
    if (study.processes or 1) > 1 and study.executor == "local" and not _is_one_cpu():
        raise InputError(
            f"config.processes={study.processes} has to be 1 on {jax.device_count()} x "
            f"{jax.devices()[0].device_kind}; several are for a single CPU"
        )


def _is_one_cpu() -> bool:
    return jax.default_backend() == "cpu" and jax.device_count() == 1


def machine_memory() -> int:
    """Returns the bytes of memory of the machine, or of the container."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_LIMIT.read_text()))
    except (OSError, ValueError):  # there is no limit, or it is "max"
        return machine
