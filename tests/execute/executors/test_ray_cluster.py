"""A study on a Ray cluster of this machine: the same results, also where workers are killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.execute.executors import process_count, ray_connection

ROOT = Path(__file__).parents[3]
CONFIG = """
from depthstudy import config as base


def get_config():
    config = base.defaults()
    config.name = "small"
    config.seeds = 2
    config.sweep = (("model.family", ("plain", "resnet")), ("model.depth", (8,)))
    config.train.steps = 1200
    config.train.batch_size = 32
    config.train.evaluations = 24
    config.train.save_seconds = 0.0
    config.processes = 2
    return config
"""


@pytest.mark.parametrize(
    ("processes", "cores", "threads", "slots"),
    [
        (2, (9,), 4, 2),
        (None, (4, 2), 1, 6),
        (1, (4, 4), 4, 1),  # a task of eight cores would wait for ever
        (2, (4, 2), 2, 2),  # as one of three would find one machine only
        (9, (4, 4), 1, 8),
    ],
)
def test_a_task_gets_an_equal_share_that_a_machine_has(
    processes: int | None, cores: tuple[int, ...], threads: int, slots: int
) -> None:
    machines = [{"CPU": float(count)} for count in cores]
    share = ray_connection.share(StudyConfig(processes=processes), machines)
    assert share == ray_connection.Share("cpu", {"num_cpus": threads}, threads, slots)


def test_a_task_gets_all_chips_of_a_host() -> None:
    hosts = [{"CPU": 224.0, "TPU": 8.0}, {"CPU": 224.0, "TPU": 8.0}]
    share = ray_connection.share(StudyConfig(), [{"CPU": 16.0}, *hosts])
    assert share == ray_connection.Share("tpu", {"num_cpus": 1, "TPU": 8}, 0, 2)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'depthstudy\[ray\]'"):
        ray_connection.connect()


def test_hosts_that_train_together_need_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depthstudy.hosts.count", lambda: 2)
    with pytest.raises(InputError, match="one of 2 hosts that train together"):
        process_count.check(StudyConfig(executor="ray"))


def started(folder: Path, executor: str) -> subprocess.Popen[bytes]:
    config = folder / "small.py"
    config.write_text(CONFIG)
    line = [sys.executable, str(ROOT / "scripts" / "run.py"), f"--config={config}"]
    line += [f"--workdir={folder / executor}", f"--executor={executor}"]
    environment = {**os.environ, "XLA_FLAGS": ""}
    return subprocess.Popen(line, env=environment, stderr=subprocess.PIPE)


def kill_one(results: Path, saved: int, ended: set[int]) -> None:
    """Kills a worker that is at a task, once there are so many checkpoints."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        listing = subprocess.run(["pgrep", "-f", "ray::_perform"], capture_output=True, text=True)
        workers = {int(pid) for pid in listing.stdout.split()} - ended
        if workers and len([*results.glob("runs/*/*/checkpoints/*")]) > saved:
            worker = workers.pop()
            ended.add(worker)
            os.kill(worker, signal.SIGKILL)
            return
        time.sleep(0.2)
    raise TimeoutError


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is an extra")
def test_killed_workers_change_no_result(tmp_path: Path) -> None:
    local = started(tmp_path, "local")
    local.communicate()
    assert local.returncode == 0
    cluster, ended = started(tmp_path, "ray"), set[int]()
    kill_one(tmp_path / "ray", 2, ended)
    kill_one(tmp_path / "ray", 6, ended)
    _, errors = cluster.communicate()
    assert cluster.returncode == 0, errors.decode()
    assert b"another one goes on with what it did" in errors
    tables = [
        pd.read_csv(tmp_path / executor / "records.csv").query(
            "~metric.str.contains('seconds|memory|temporary')"
        )
        for executor in ("local", "ray")
    ]
    pd.testing.assert_frame_equal(*tables)
