"""How many processes some work is worth."""

from __future__ import annotations

import jax
import pytest

from depthstudy import runtime
from depthstudy.config import StudyConfig, apply
from depthstudy.execute.executors import process_count


@pytest.mark.parametrize(
    ("asked", "tasks", "seconds", "count"),
    [
        (None, 100, 1e6, 6),  # what the memory allows
        (None, 3, 1e6, 3),
        (None, 100, 45, 4),
        (None, 100, 5, 1),
        (None, 0, 0, 1),
        (12, 100, 5, 12),
        (12, 3, 5, 3),
        (1, 100, 1e6, 1),
    ],
)
def test_count(
    asked: int | None, tasks: int, seconds: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    monkeypatch.setattr(runtime, "cores", lambda: 8)
    monkeypatch.setattr(process_count, "machine_memory", lambda: 20 * 2**30)
    config = apply(StudyConfig(), (("processes", asked),))
    process_count.check(config)
    assert process_count.count(config, tasks, seconds) == count
