"""Chooses who does the work of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from depthstudy import data, hosts
from depthstudy.config import StudyConfig
from depthstudy.execute.executors.all_hosts import AllHosts
from depthstudy.execute.executors.executor import Executor, InProcess
from depthstudy.execute.executors.ray_cluster import RayCluster
from depthstudy.execute.executors.worker_pool import WorkerPool
from depthstudy.plan import Variant


def open_executor(
    study: StudyConfig,
    variants: Sequence[Variant],
    workdir: Path,
    processes: int,
    config_file: str | None = None,
) -> Executor:
    """Returns who does the tasks of a study: processes side by side, or the one that calls.

    Args:
      study: The config.
      variants: Its plan.
      workdir: Its folder.
      processes: In how many at most; 1 is the one that calls.
      config_file: The file of the config, as on the command line; other processes run it first, as
        it may register families, probes or sources.
    """
    sets = {data.source_key(v.given.data): v.dataset.name for v in variants}
    if study.executor == "ray":
        return RayCluster(study, workdir, config_file, sets=sets)
    if processes > 1:
        return WorkerPool(study, workdir, processes, config_file, sets=sets)
    by_name = {variant.name: variant for variant in variants}
    if hosts.count() > 1:
        return AllHosts(study, by_name, workdir, sets)
    return InProcess(study, by_name, workdir)
