"""A net that was drawn, in a run folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from trained_nets import write_run

from depthstudy import arch, deploy


@pytest.fixture(scope="session")
def net(tmp_path_factory: pytest.TempPathFactory) -> deploy.TrainedNet:
    folder: Path = tmp_path_factory.mktemp("run")
    spec = arch.build("plain", depth=8, layout="cifar", width=4, num_classes=3)
    return deploy.load(write_run(folder, spec, ("cat", "dog", "owl"), (8, 8, 1)))
