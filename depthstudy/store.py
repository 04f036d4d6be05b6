"""Every path, every file name and every checkpoint of a study.

```
WORKDIR/
  study.json  records.csv  summary.csv  decomposition.csv  matched.csv
  attribution.csv  verdicts.csv  recommendation.json  report.html  figures/
  runs/VARIANT/seedN/       one run: a variant with a seed
    run.json                what it is: config, architecture, image shape, classes
    checkpoints/STEP/       state, with the content of run.json beside it
    records.csv             its measurements so far
    probes.csv              what probes measured of its last checkpoint
    events.out.tfevents.*   the same for TensorBoard
    result.json             written last: where it is, the run is done
```
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pandas as pd

from depthstudy import records
from depthstudy.errors import InputError

RECORDS = "records.csv"
PROBES = "probes.csv"
SUMMARY = "summary.csv"
DECOMPOSITION = "decomposition.csv"
MATCHED = "matched.csv"
ATTRIBUTION = "attribution.csv"
RECOMMENDATION = "recommendation.json"
VERDICTS = "verdicts.csv"
REPORT = "report.html"
FIGURES = "figures"
ANALYSIS = "analysis.csv"
ANALYSIS_PAGE = "analysis.html"
GUESSES = "guesses.csv"
_INFO = "study.json"
_ANALYSIS_INFO = "analysis.json"
_LOCK = ".lock"
_RUNS = "runs"
_RUN = "run.json"
_RESULT = "result.json"
_CHECKPOINTS = "checkpoints"

T = TypeVar("T")


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_json(path: Path, value: Any) -> None:
    """Writes plain values as JSON that a person can read; NaN is not allowed."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV."""
    write_text(path, table.to_csv(index=False))


def read_table(path: Path, kind: type) -> pd.DataFrame:
    """Reads a table of a kind in ``records``; text stays text, even ``18`` or ``None``."""
    hints = typing.get_type_hints(kind)
    numbers = [name for name, hint in hints.items() if hint in (int, float, int | None)]
    return pd.read_csv(
        path,
        dtype={name: str for name in hints if name not in numbers},
        keep_default_na=False,
        na_values={name: ["", "nan", "NaN"] for name in numbers},
    )


def write_info(workdir: Path, info: records.StudyInfo) -> None:
    """Writes ``study.json``."""
    write_json(workdir / _INFO, dataclasses.asdict(info))


def read_info(workdir: Path) -> records.StudyInfo | None:
    """Reads ``study.json``; ``None`` where no study was finished."""
    return _read(workdir / _INFO, records.StudyInfo)


def write_analysis_info(folder: Path, info: records.AnalysisInfo) -> None:
    """Writes ``analysis.json``."""
    write_json(folder / _ANALYSIS_INFO, dataclasses.asdict(info))


def read_analysis_info(folder: Path) -> records.AnalysisInfo | None:
    """Reads ``analysis.json``; ``None`` where nothing was analysed."""
    return _read(folder / _ANALYSIS_INFO, records.AnalysisInfo)


def write_recommendation(workdir: Path, found: records.Recommendation | None) -> None:
    """Writes ``recommendation.json``; with nothing to recommend, there is none."""
    if found is None:
        (workdir / RECOMMENDATION).unlink(missing_ok=True)
    else:
        write_json(workdir / RECOMMENDATION, dataclasses.asdict(found))


def read_recommendation(workdir: Path) -> records.Recommendation | None:
    """Reads ``recommendation.json``; ``None`` where there is nothing to recommend."""
    return _read(workdir / RECOMMENDATION, records.Recommendation)


def _read(path: Path, kind: type[T]) -> T | None:
    """Reads a file that this version, or one like it, wrote; ``None`` where there is none."""
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is not as this version of depthstudy writes it: {error}"
        ) from error


@contextlib.contextmanager
def lock(workdir: Path) -> Iterator[None]:
    """Keeps every other process from running a study in ``workdir``.

    Raises:
      InputError: One already is, or the folder cannot be written.
    """
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        file = (workdir / _LOCK).open("w")
    except OSError as error:
        raise InputError(f"cannot write to the workdir {workdir}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another process is running a study in {workdir}") from None
        yield


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended: the content of ``result.json``.

    Attributes:
      status: ``"finished"`` or ``"diverged"``.
      step: Last step.
      diverged_at: The step whose loss was not finite, counted from 1.
      train_error: Share of the fixed train examples that it gets wrong, in eval mode.
      test_error: Share of all test examples that it gets wrong.
      train_loss: Mean loss in nats; ``None`` where it is not finite.
      test_loss: The same.
      train_seconds: Wall time of its training steps; a group's time is shared equally.
      eval_seconds: Wall time of its evaluations, likewise.
    """

    status: str
    step: int
    diverged_at: int | None
    train_error: float
    test_error: float
    train_loss: float | None
    test_loss: float | None
    train_seconds: float
    eval_seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What a run is, whole: from it the net and its data can be rebuilt without a config file.

    Attributes:
      study: Name of the study.
      variant: Name of the variant.
      seed: Seed of initialisation and augmentation.
      arch: The architecture, as ``ArchSpec.to_json`` wrote it.
      config: The groups ``model``, ``data``, ``train`` and ``prune`` of the config.
      dataset: What was learned, with the version that names its content.
      image_shape: Height, width and channels.
      class_names: Names of the classes.
      removed: Blocks of its dense twin that were taken out, as ``"stage1/block02"``.
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
        return _read(self.folder / _RUN, RunInfo)

    def write_info(self, info: RunInfo) -> None:
        """Writes ``run.json``."""
        write_json(self.folder / _RUN, dataclasses.asdict(info))

    def read_outcome(self) -> Outcome | None:
        """Returns how the run ended, or ``None`` where it is not done."""
        return _read(self.folder / _RESULT, Outcome)

    def write_outcome(self, outcome: Outcome) -> None:
        """Writes ``result.json``. Call it last."""
        write_json(self.folder / _RESULT, dataclasses.asdict(outcome))

    def read_records(self, last_step: int | None = None) -> list[records.Record]:
        """Returns the measurements of the run, those up to ``last_step`` if it is given."""
        rows = _read_records(self.folder / RECORDS)
        return [row for row in rows if last_step is None or row.step <= last_step]

    def write_records(self, rows: list[records.Record]) -> None:
        """Writes the measurements of the run."""
        write_table(self.folder / RECORDS, records.frame(records.Record, rows))

    def read_probes(self) -> list[records.Record]:
        """Returns what probes measured of the run's last checkpoint so far."""
        return _read_records(self.folder / PROBES)

    def write_probes(self, rows: list[records.Record]) -> None:
        """Writes what probes measured of the run's last checkpoint."""
        write_table(self.folder / PROBES, records.frame(records.Record, rows))

    def open_events(self, next_step: int) -> Any:
        """Returns a TensorBoard writer that hides what an interrupted run wrote after this step."""
        from tensorboardX import SummaryWriter

        return SummaryWriter(str(self.folder), purge_step=next_step, max_queue=1000, flush_secs=60)

    def open_checkpoints(self, keep: int | None = None, always: Sequence[int] = ()) -> Checkpoints:
        """Returns the checkpoints of the run, of which the last ``keep`` stay, or all.

        Args:
          keep: How many stay; ``None`` are all.
          always: Steps whose checkpoints stay in any case.
        """
        return Checkpoints(self.folder / _CHECKPOINTS, keep, always)


def _read_records(path: Path) -> list[records.Record]:
    if not path.exists():
        return []
    table = read_table(path, records.Record)
    return msgspec.convert(table.to_dict("records"), list[records.Record])


class Checkpoints:
    """Checkpoints of a run, written in the background; each holds its state and its ``RunInfo``."""

    def __init__(self, folder: Path, keep: int | None, always: Sequence[int]) -> None:
        """Opens the folder; a save that a kill cut short is removed."""
        import orbax.checkpoint as ocp
        from orbax.checkpoint import checkpoint_managers as policies

        self._ocp = ocp
        self._manager = ocp.CheckpointManager(
            folder.absolute(),
            options=ocp.CheckpointManagerOptions(
                preservation_policy=policies.AnyPreservationPolicy(
                    [policies.LatestN(keep), policies.CustomSteps(always)]
                ),
                cleanup_tmp_directories=True,
                enable_async_checkpointing=True,
            ),
        )

    def all_steps(self) -> list[int]:
        """Returns the steps of the whole checkpoints."""
        return list(self._manager.all_steps())

    def save(self, step: int, state: Any, info: RunInfo) -> None:
        """Starts to write a checkpoint; one that is there already stays as it is."""
        args = self._ocp.args
        self._manager.save(
            step,
            args=args.Composite(
                state=args.StandardSave(state), info=args.JsonSave(dataclasses.asdict(info))
            ),
        )

    def restore(self, step: int, like: Any = None) -> Any:
        """Returns the state of a checkpoint, in the form of ``like`` or else as nested dicts."""
        args = self._ocp.args
        restored = self._manager.restore(
            step, args=args.Composite(state=args.StandardRestore(like))
        )
        return restored["state"]

    def variables(self, step: int) -> dict[str, Any]:
        """Returns of a checkpoint what a net is applied with."""
        state = self.restore(step)
        return {"params": state["params"], "batch_stats": state["batch_stats"]}

    def wait(self) -> None:
        """Waits until everything is on disk."""
        self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits until everything is on disk, and ends."""
        self.wait()
        self._manager.close()
