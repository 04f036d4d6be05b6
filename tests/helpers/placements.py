"""Counts how often images are put on devices."""

from __future__ import annotations

import jax
import pytest

from depthstudy.data import Batch
from depthstudy.data.pipeline.splits.reader import HostBatch


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Returns a list to which the number of images is added at each placement from now on."""
    placed: list[int] = []
    put = HostBatch.put

    def noted(batch: HostBatch, sharding: jax.sharding.Sharding | None) -> Batch:
        placed.append(len(batch.labels))
        return put(batch, sharding)

    monkeypatch.setattr(HostBatch, "put", noted)
    return placed
