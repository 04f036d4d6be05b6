"""What every test shares: 8 simulated devices, a cache folder of its own, and the digits."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from depthstudy.data import Dataset

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = (
    "--xla_force_host_platform_device_count=8"
    # Tests compile far more than they compute, and these two make that faster.
    " --xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
)
_LONG = {"whole", "analysis", "execute", "plan", "study", "train", "nets"}
if "PYTEST_XDIST_WORKER" not in os.environ:  # which has that of the process that began it
    _CACHE = tempfile.TemporaryDirectory(prefix="depthstudy-test-")
    os.environ["XDG_CACHE_HOME"] = _CACHE.name
# What one test has compiled, the next need not: a third of the time of short studies.
os.environ["JAX_COMPILATION_CACHE_DIR"] = os.environ["XDG_CACHE_HOME"] + "/compiled"
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # A file goes to the worker that is free, and the last ones have to be short.
    items.sort(key=lambda item: item.path.parent.name not in _LONG)
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow; give --slow"))


@pytest.fixture(scope="session")
def digits() -> Dataset:
    from depthstudy import config, data

    return data.load(config.DataConfig(stream=False))
