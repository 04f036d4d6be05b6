"""Writes the checkpoints of a run."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

from absl import logging

from depthstudy.store import arrays, bucket
from depthstudy.store.arrays import Arrays
from depthstudy.store.checkpoints.content import (
    LOG,
    STATE,
    TRAINING,
    VARIABLES,
    Measured,
    as_text,
    is_variable,
    with_measured,
)
from depthstudy.store.checkpoints.reader import CheckpointReader
from depthstudy.store.files import sync
from depthstudy.store.runs.run_info import RunInfo

_PARTIAL = ".partial"
_FORMER = f".former{_PARTIAL}"
_PARTIALS = (f"*{_PARTIAL}", "*.orbax-checkpoint-tmp*")  # the latter of earlier versions


class CheckpointWriter:
    """Writes checkpoints in a thread of its own, and removes old ones; one writer a folder.

    What is old stays until the next save, or ``remove_old``. So runs that go on together from a
    step that all have saved keep one: wait for all of them before any is saved again.
    """

    def __init__(self, folder: Path, keep: int | None = None, always: Sequence[int] = ()) -> None:
        """Opens the folder; a save that a kill cut short is removed.

        Args:
          folder: The folder of all checkpoints of a run; made where there is none.
          keep: How many stay, counted from the last; ``None`` are all.
          always: Steps whose checkpoints stay in any case.
        """
        self._folder, self._keep, self._always = folder, keep, always
        folder.mkdir(parents=True, exist_ok=True)
        for former in folder.glob(f"*{_FORMER}"):
            place = folder / former.name.removesuffix(_FORMER)
            if not place.exists():  # a kill came between the two renames of a save
                former.rename(place)
        for pattern in _PARTIALS:
            for partial in folder.glob(pattern):
                with _removing(partial):
                    shutil.rmtree(partial)
        self._thread = futures.ThreadPoolExecutor(max_workers=1)
        self._written: futures.Future[None] | None = None
        self._saved = 0

    def save(self, step: int, state: Any, info: RunInfo, measured: Measured | None = None) -> None:
        """Removes old checkpoints and writes one; what exists stays as it is, unless it has a log.

        Args:
          step: How many steps the state has been trained for.
          state: A Flax state with ``params`` and ``batch_stats``; it may change once this returns.
          info: What the run is.
          measured: What has been measured of it so far.
        """
        self.wait()
        named = arrays.flatten(state)
        text = {"step": str(step)} | as_text(dataclasses.asdict(info))
        variables = {name: named.pop(name) for name in list(named) if is_variable(name)}
        files = {VARIABLES: (variables, text), TRAINING: with_measured(named, text, measured)}
        self._written = self._thread.submit(self._write, step, files)

    def _write(self, step: int, files: Mapping[str, tuple[Arrays, dict[str, str]]]) -> None:
        place = self._folder / str(step)
        self._remove_old(self._saved)
        self._saved = step
        bucket.need(place)
        if place.exists() and not arrays.has(place / STATE / TRAINING, LOG):
            return
        partial = self._folder / f"{step}{_PARTIAL}"
        (partial / STATE).mkdir(parents=True, exist_ok=True)
        try:
            for name, (named, text) in files.items():
                arrays.write(partial / STATE / name, named, text)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)  # on a full disk it is in the way
            raise
        sync(partial / STATE)
        if place.exists():  # it has a log of what is recorded in this one
            place.rename(self._folder / f"{step}{_FORMER}")
        partial.rename(place)
        sync(self._folder)
        bucket.placed(place)

    def remove_old(self, step: int) -> None:
        """Removes all checkpoints up to a step but the last of them that stay."""
        self.wait()
        place = self._folder / str(step)
        # Who saved it before may have been killed before it was in the bucket.
        if not self._saved and place.exists():
            bucket.placed(place)
        self._remove_old(step)

    def _remove_old(self, last: int) -> None:
        # One that is ahead is of a run whose group has gone on from an earlier step.
        steps = [step for step in CheckpointReader(self._folder).all_steps() if step <= last]
        kept = {*self._always, *(steps if self._keep is None else steps[-self._keep :])}
        for step in set(steps) - kept:
            place, partial = self._folder / str(step), self._folder / f"{step}{_PARTIAL}"
            with _removing(place):
                place.rename(partial)
                bucket.removed(place, is_folder=True)
                shutil.rmtree(partial)

    def wait(self) -> None:
        """Waits until everything is on disk; raises what the writing thread raised."""
        if self._written is not None:
            self._written.result()

    def close(self) -> None:
        """Waits until everything is on disk, and ends."""
        with self._thread:
            self.wait()


@contextlib.contextmanager
def _removing(path: Path) -> Iterator[None]:
    """Makes a warning of what fails: on NFS a file that somebody reads keeps its folder."""
    try:
        yield
    except OSError as error:
        logging.warning("%s cannot be removed (%s); the training goes on", path, error.strerror)
