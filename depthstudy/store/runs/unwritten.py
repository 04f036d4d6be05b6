"""The run of a host that trains along with the one that writes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthstudy import records
from depthstudy.store.checkpoints import CheckpointReader, Measured
from depthstudy.store.runs.run import RunStore
from depthstudy.store.runs.run_info import Outcome, RunInfo


class UnwrittenRun(RunStore):
    """A run of which this host writes nothing, and whose folder it need not see."""

    def write_info(self, info: RunInfo) -> None:
        """Does nothing."""

    def write_outcome(self, outcome: Outcome) -> None:
        """Does nothing."""

    def write_errors(self, errors: Mapping[str, NDArray[np.float64]]) -> None:
        """Does nothing."""

    def write_answers(self, answers: Mapping[str, NDArray[Any]]) -> None:
        """Does nothing."""

    def write_records(self, rows: list[records.Record]) -> None:
        """Does nothing."""

    def open_events(self, next_step: int) -> Unwritten:  # type: ignore[override]
        """Returns what writes nothing."""
        return Unwritten()

    @property
    def checkpoints(self) -> CheckpointReader:
        """None at all."""
        return CheckpointReader(Path(os.devnull))

    def open_checkpoint_writer(  # type: ignore[override]
        self, keep: int | None = None, always: Sequence[int] = ()
    ) -> Unwritten:
        """Returns what writes nothing."""
        return Unwritten()


class Unwritten:
    """Takes what an event or checkpoint writer would write."""

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Does nothing."""

    def save(self, step: int, state: Any, info: RunInfo, measured: Measured | None = None) -> None:
        """Does nothing."""

    def wait(self) -> None:
        """Does nothing."""

    def remove_old(self, step: int) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""
