"""The folder of one run: its description, its measurements and its outcome."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from depthstudy import records
from depthstudy.errors import DamagedError
from depthstudy.store.checkpoints import CheckpointReader, CheckpointWriter
from depthstudy.store.files import (
    hashes,
    read_json,
    read_table,
    remove,
    sha256,
    table_bytes,
    write_bytes,
    write_json,
    write_table,
)
from depthstudy.store.runs.errors import read_answers, read_errors, write_answers, write_errors
from depthstudy.store.runs.events import EventWriter
from depthstudy.store.runs.run_info import Outcome, RunInfo
from depthstudy.store.study import RECORDS

_RUNS = "runs"
RUN = "run.json"
PROBES = "probes.csv"
PROBES_HASH = ".probes.json"
_BEFORE = "before"  # the name in it of the table that is written over
RESULT = "result.json"
ERRORS = "errors.npz"
ANSWERS = "answers.npz"
_CHECKPOINTS = "checkpoints"
_GENOME = "genome.json"


@dataclasses.dataclass(frozen=True)
class RunStore:
    """The folder of one run."""

    folder: Path

    @classmethod
    def of(cls, workdir: Path, variant: str, seed: int) -> RunStore:
        """Returns the store of a run of a study."""
        return cls(workdir / _RUNS / variant / f"seed{seed}")

    def read_info(self) -> RunInfo | None:
        """Returns what the run is, or ``None`` where none was started.

        Where ``run.json`` is missing or damaged, the newest whole checkpoint says it.

        Raises:
          DamagedError: There is something, but nothing says it any more.
        """
        path, damage = self.folder / RUN, None
        try:
            if info := read_json(path, RunInfo):
                return info
        except DamagedError as error:
            damage = error
        stored = self.checkpoints.info()
        if stored is None and damage is not None:
            raise damage
        try:
            return msgspec.convert(stored, RunInfo | None)
        except msgspec.ValidationError as error:
            raise DamagedError(f"neither {path} nor a checkpoint says what it is") from error

    def write_info(self, info: RunInfo) -> None:
        """Writes ``run.json``."""
        write_json(self.folder / RUN, dataclasses.asdict(info))

    def read_outcome(self) -> Outcome | None:
        """Returns how the run ended, or ``None`` where it is not done.

        Raises:
          DamagedError: The file that says it is not as it was written.
        """
        return read_json(self.folder / RESULT, Outcome)

    def write_outcome(self, outcome: Outcome) -> None:
        """Writes ``result.json``, with hashes of the files of the run. Call it last."""
        files = hashes(self.folder, (RUN, RECORDS, ERRORS, ANSWERS))
        sealed = dataclasses.replace(outcome, files=files)
        write_json(self.folder / RESULT, dataclasses.asdict(sealed))

    def reopen(self) -> None:
        """Has the run be no longer done; its checkpoints and measurements stay."""
        remove(self.folder / RESULT)

    def read_errors(self) -> dict[str, NDArray[np.float64]]:
        """Returns the error of each example by split; nothing of a run that diverged."""
        return read_errors(self.folder / ERRORS)

    def write_errors(self, errors: Mapping[str, NDArray[np.float64]]) -> None:
        """Writes the error of each example of some splits; without any there is no file."""
        write_errors(self.folder / ERRORS, errors)

    def read_answers(self) -> dict[str, NDArray[Any]]:
        """Returns what the run says of each test example, by name; nothing of one that diverged."""
        return read_answers(self.folder / ANSWERS)

    def write_answers(self, answers: Mapping[str, NDArray[Any]]) -> None:
        """Writes what the run says of each test example; with nothing there is no file."""
        write_answers(self.folder / ANSWERS, answers)

    def read_records(self, last_step: int | None = None) -> list[records.Record]:
        """Returns the measurements of the run, those up to ``last_step`` if it is given."""
        rows = _rows(self.folder / RECORDS)
        return [row for row in rows if last_step is None or row.step <= last_step]

    def write_records(self, rows: list[records.Record]) -> None:
        """Writes the measurements of the run."""
        write_table(self.folder / RECORDS, records.frame(records.Record, rows))

    def read_probes(self) -> list[records.Record]:
        """Returns what probes measured of the run's last checkpoint so far."""
        return _rows(self.folder / PROBES)

    def write_probes(self, rows: list[records.Record]) -> None:
        """Writes what probes measured of the run's last checkpoint, after its hash.

        Beside it stands the hash of the table that is there: between the two writes that is whole.
        """
        content = table_bytes(records.frame(records.Record, rows))
        before = hashes(self.folder, [PROBES]).get(PROBES)
        sums = {PROBES: sha256(content)} | ({_BEFORE: before} if before else {})
        write_json(self.folder / PROBES_HASH, sums)
        write_bytes(self.folder / PROBES, content)

    def write_genome(self, genome: Mapping[str, Any]) -> None:
        """Writes what a search has chosen, and what it comes to."""
        write_json(self.folder / _GENOME, dict(genome))

    def open_events(self, next_step: int) -> EventWriter:
        """Returns a TensorBoard writer that hides what an interrupted run wrote after this step."""
        return EventWriter(self.folder, next_step)

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


def _rows(path: Path) -> list[records.Record]:
    if not path.exists():
        return []
    table = read_table(path, records.Record)
    rows = [
        {k: v for k, v in row.items() if k not in ("low", "high") or v == v}  # NaN is no interval
        for row in table.to_dict("records")
    ]
    return msgspec.convert(rows, list[records.Record])
