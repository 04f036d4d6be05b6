"""What every test shares: 8 simulated devices, a cache folder of its own, and the digits."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from depthstudy.data import Dataset

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = (
    "--xla_force_host_platform_device_count=8"
    # Tests compile far more than they compute, and these two make that faster.
    " --xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)
_LONG = {"whole", "analysis", "execute", "plan", "study", "train", "nets"}
_LONGEST = {  # of the slow tests
    "analysis/test_planted_nets.py",
    "bucket/test_study.py",
    "execute/test_detectors.py",
    "faults/test_faults.py",
    "hosts/test_two_hosts.py",
    "search/test_run.py",
    "whole/test_claim_configs.py",
    "whole/test_wheel.py",
}
if "PYTEST_XDIST_WORKER" not in os.environ:  # which has that of the process that began it
    _CACHE = tempfile.TemporaryDirectory(prefix="depthstudy-test-")
    os.environ["XDG_CACHE_HOME"] = _CACHE.name
# What one test has compiled, the next need not: a third of the time of short studies.
os.environ["JAX_COMPILATION_CACHE_DIR"] = os.environ["XDG_CACHE_HOME"] + "/compiled"
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out files without slow tests where only these are asked for: imports take long."""
    if config.option.markexpr != "slow" or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text("utf-8")
    return None if "mark.slow" in text or "sampled(" in text else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Who is free takes a file, or half of what another one has left: the last have to be short.
    items.sort(
        key=lambda item: (
            "/".join(item.path.parts[-2:]) not in _LONGEST,
            item.path.parent.name not in _LONG,
        )
    )
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow; give --slow"))


@pytest.fixture(scope="session")
def digits() -> Dataset:
    from depthstudy import config, data

    return data.load(config.DataConfig(stream=False))
