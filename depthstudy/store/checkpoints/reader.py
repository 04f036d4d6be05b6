"""Reads the checkpoints of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depthstudy.arch import spec_from_json
from depthstudy.errors import DamagedError, InputError
from depthstudy.store import arrays, bucket
from depthstudy.store.arrays import Arrays
from depthstudy.store.checkpoints import packed
from depthstudy.store.checkpoints.content import (
    COLLECTIONS,
    STATE,
    TRAINING,
    VARIABLES,
    Measured,
    from_text,
    measured_in,
    without_measured,
)
from depthstudy.store.runs.run_info import RunInfo


@dataclasses.dataclass(frozen=True)
class CheckpointReader:
    """Reads checkpoints; it makes, changes and removes nothing, even while a run is written.

    Attributes:
      folder: The folder of all checkpoints of a run; it need not exist.
    """

    folder: Path

    def all_steps(self) -> list[int]:
        """Returns the steps of the checkpoints that are there, damaged or not, ascending."""
        bucket.look(self.folder)
        if not self.folder.is_dir():
            return []
        names = [path.name for path in self.folder.iterdir()]
        return sorted(int(name) for name in names if name.isdecimal() and str(int(name)) == name)

    def restore(self, step: int, like: Any = None, info: RunInfo | None = None) -> Any:
        """Returns the state of a checkpoint, in the form of ``like`` or else as nested dicts.

        Args:
          step: One of ``all_steps()``.
          like: A state with the same arrays by name; their values do not matter.
          info: The run that it should be of.

        Raises:
          DamagedError: The checkpoint is not as it was written.
          InputError: It is of another net or run, or in a format that is not read.
        """
        if self._is_packed(step):
            return packed.restore(self._state(step), like)
        files = self._read(step, VARIABLES, info) | self._read(step, TRAINING, info)
        named = without_measured(files)
        if like is None:
            return arrays.unflatten(named)
        try:
            return arrays.fill(like, named)
        except ValueError as error:
            raise InputError(
                f"{self._state(step)} is a checkpoint of another net: {error}"
            ) from error

    def measured(self, step: int) -> Measured | None:
        """Returns what was measured up to a checkpoint; ``None`` of one of an earlier version.

        Raises:
          DamagedError: The checkpoint is not as it was written.
        """
        if self._is_packed(step):
            return None
        named, text = arrays.read(self._state(step) / TRAINING)
        return measured_in(named, text)

    def variables(self, step: int, info: RunInfo | None = None) -> dict[str, Any]:
        """Returns ``params`` and ``batch_stats`` of a checkpoint, as nested dicts of NumPy arrays.

        Args:
          step: One of ``all_steps()``.
          info: The run that it should be of.

        Raises:
          DamagedError: The checkpoint is not as it was written.
          InputError: It is of another run, or in a format that is not read.
        """
        if self._is_packed(step):
            variables = packed.restore(self._state(step))
        else:
            variables = arrays.unflatten(self._read(step, VARIABLES, info))
        return {name: variables.get(name, {}) for name in COLLECTIONS}

    def newest_whole(self) -> int | None:
        """Returns the step of the newest checkpoint that is as it was written."""
        return next((step for step in reversed(self.all_steps()) if not self.damage(step)), None)

    def damage(self, step: int) -> str:
        """Returns what is wrong with a checkpoint, ``""`` where it is as it was written."""
        try:
            self.restore(step)
        except DamagedError as error:
            return str(error)
        return ""

    def info(self) -> dict[str, Any] | None:
        """Returns the fields of ``RunInfo`` as the newest whole checkpoint tells them."""
        step = self.newest_whole()
        if step is None or self._is_packed(step):
            return None
        _, text = arrays.read(self._state(step) / VARIABLES)
        return from_text(text)

    def _state(self, step: int) -> Path:
        bucket.need(self.folder / str(step))
        return self.folder / str(step) / STATE

    def _is_packed(self, step: int) -> bool:
        return not any((self._state(step) / name).exists() for name in (VARIABLES, TRAINING))

    def _read(self, step: int, name: str, info: RunInfo | None = None) -> Arrays:
        path = self._state(step) / name
        named, text = arrays.read(path)
        if text.get("step") != str(step):
            raise DamagedError(f"{path} says that it is of step {text.get('step')}")
        if info is not None:
            _require_same(path, from_text(text), info)
        return named


def _require_same(path: Path, stored: Mapping[str, Any], info: RunInfo) -> None:
    """Refuses a checkpoint that is of another run, by what it says of itself."""
    for field in ("variant", "seed", "arch", "dataset", "image_shape"):
        was, now = stored.get(field), getattr(info, field)
        now = list(now) if isinstance(now, tuple) else now
        if was != now and not (field == "arch" and _is_same_net(was, now)):
            shown = "another architecture" if field == "arch" else f"{field} {was}"
            raise InputError(
                f"{path} is of another run: it says {shown}, and lies in the folder of "
                f"{info.variant} seed {info.seed}; put it back, or remove that run's folder"
            )


def _is_same_net(one: Any, other: Any) -> bool:
    try:
        return one is not None and spec_from_json(one) == spec_from_json(other)
    except (InputError, KeyError, TypeError, ValueError):
        return False
