"""The folder of one run: its description, its measurements and its outcome."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from depthstudy import records
from depthstudy.store.checkpoints import CheckpointReader, CheckpointWriter
from depthstudy.store.errors import read_errors, write_errors
from depthstudy.store.files import read_json, read_table, write_json, write_table
from depthstudy.store.study import RECORDS

_RUNS = "runs"
_RUN = "run.json"
_PROBES = "probes.csv"
_RESULT = "result.json"
_ERRORS = "errors.npz"
_CHECKPOINTS = "checkpoints"
_GENOME = "genome.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended: the content of ``result.json``.

    Attributes:
      status: ``"finished"`` or ``"diverged"``.
      step: Last step.
      diverged_at: The step whose loss was not finite, counted from 1.
      train_error: Share of the fixed train examples that it gets wrong, in eval mode.
      validation_error: Share of the examples held out that it gets wrong; ``None`` without any.
      test_error: Share of all test examples that it gets wrong; ``None`` of a trial.
      train_loss: Mean loss in nats; ``None`` where it is not finite.
      test_loss: The same.
      train_seconds: Wall time of its training steps, with other runs beside it if there were
        several processes; a group's time is shared equally.
      eval_seconds: Wall time of its evaluations, likewise.
    """

    status: str
    step: int
    diverged_at: int | None
    train_error: float
    test_error: float | None
    train_loss: float | None
    test_loss: float | None
    train_seconds: float
    eval_seconds: float
    validation_error: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What a run is, whole: from it the net and its data can be rebuilt without a config file.

    Attributes:
      study: Name of the study.
      variant: Name of the variant.
      seed: Seed of initialization and augmentation.
      arch: The architecture, as ``ArchSpec.to_json`` wrote it.
      config: The groups ``model``, ``data``, ``train`` and ``prune`` of the config.
      dataset: What was learned, with the version that names its content.
      image_shape: Height, width and channels.
      class_names: Names of the classes.
      removed: Blocks of its dense twin that were taken out, as ``"stage1/block02"``.
      preprocessing: From an image to the input of the net, as ``data.Preprocessing.to_dict`` gives
        it; ``None`` in runs of earlier versions.
    """

    study: str
    variant: str
    seed: int
    arch: str
    config: dict[str, Any]
    dataset: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    removed: tuple[str, ...] = ()
    preprocessing: dict[str, Any] | None = None


@dataclasses.dataclass(frozen=True)
class RunStore:
    """The folder of one run."""

    folder: Path

    @classmethod
    def of(cls, workdir: Path, variant: str, seed: int) -> RunStore:
        """Returns the store of a run of a study."""
        return cls(workdir / _RUNS / variant / f"seed{seed}")

    def read_info(self) -> RunInfo | None:
        """Returns what the run is, or ``None`` where none was started."""
        return read_json(self.folder / _RUN, RunInfo)

    def write_info(self, info: RunInfo) -> None:
        """Writes ``run.json``."""
        write_json(self.folder / _RUN, dataclasses.asdict(info))

    def read_outcome(self) -> Outcome | None:
        """Returns how the run ended, or ``None`` where it is not done."""
        return read_json(self.folder / _RESULT, Outcome)

    def write_outcome(self, outcome: Outcome) -> None:
        """Writes ``result.json``. Call it last."""
        write_json(self.folder / _RESULT, dataclasses.asdict(outcome))

    def read_errors(self) -> dict[str, NDArray[np.float64]]:
        """Returns the error of each example by split; nothing of a run that diverged."""
        return read_errors(self.folder / _ERRORS)

    def write_errors(self, errors: Mapping[str, NDArray[np.float64]]) -> None:
        """Writes the error of each example of some splits."""
        write_errors(self.folder / _ERRORS, errors)

    def read_records(self, last_step: int | None = None) -> list[records.Record]:
        """Returns the measurements of the run, those up to ``last_step`` if it is given."""
        rows = _rows(self.folder / RECORDS)
        return [row for row in rows if last_step is None or row.step <= last_step]

    def write_records(self, rows: list[records.Record]) -> None:
        """Writes the measurements of the run."""
        write_table(self.folder / RECORDS, records.frame(records.Record, rows))

    def read_probes(self) -> list[records.Record]:
        """Returns what probes measured of the run's last checkpoint so far."""
        return _rows(self.folder / _PROBES)

    def write_probes(self, rows: list[records.Record]) -> None:
        """Writes what probes measured of the run's last checkpoint."""
        write_table(self.folder / _PROBES, records.frame(records.Record, rows))

    def write_genome(self, genome: Mapping[str, Any]) -> None:
        """Writes what a search has chosen, and what it comes to."""
        write_json(self.folder / _GENOME, dict(genome))

    def open_events(self, next_step: int) -> Any:
        """Returns a TensorBoard writer that hides what an interrupted run wrote after this step."""
        with _without("torch"):  # it would import it, for a second and a half, and not use it
            from tensorboardX import SummaryWriter

        return SummaryWriter(str(self.folder), purge_step=next_step, max_queue=1000, flush_secs=60)

    @property
    def checkpoints(self) -> CheckpointReader:
        """The checkpoints of the run, to be read."""
        return CheckpointReader(self.folder / _CHECKPOINTS)

    def open_checkpoint_writer(
        self, keep: int | None = None, always: Sequence[int] = ()
    ) -> CheckpointWriter:
        """Returns the one writer of the checkpoints of the run; the caller closes it.

        Args:
          keep: How many stay, counted from the last; ``None`` are all.
          always: Steps whose checkpoints stay in any case.
        """
        return CheckpointWriter(self.folder / _CHECKPOINTS, keep, always)


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Has a module that is not imported yet be missing meanwhile."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


def _rows(path: Path) -> list[records.Record]:
    if not path.exists():
        return []
    table = read_table(path, records.Record)
    return msgspec.convert(table.to_dict("records"), list[records.Record])
