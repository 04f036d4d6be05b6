"""The checkpoints of a run: one class writes them, another reads them and changes nothing.

```
checkpoints/STEP/state/
  variables.safetensors   params and batch_stats: what a net is applied with
  training.safetensors    step, opt_state, loss scale, and what was measured so far: the rest of
                          what training goes on from
```

The header of both files has the step and each field of ``RunInfo``, text as it is and the rest as
JSON, so that ``variables.safetensors`` alone is a whole net: architecture, preprocessing, classes.
It also has a hash of all that is in the file, which is checked whenever the file is read.

A checkpoint is written beside its place and renamed when it is on disk, so it is whole or not
there. Everything else in the folder of a run can be made again from it.

Why no Orbax: it takes 0.4 to 0.5 ms of processor time for each array, of which a deep net has
hundreds, and a study on a CPU keeps every core busy; and a folder in which anything is amiss ends
in a traceback of its own. Milliseconds of processor time for a save, roughly, of ResNets with
momentum on a busy machine of two cores:

    depth (arrays of its state)         20 (158)  56 (446)  110 (878)  50 for ImageNet (430)
    an Orbax tree                             81       190        425                    347
    variables in a tree, rest packed          65       130        241
    msgpack in one Orbax array                19        35         32                    388
    these files                                7        15         22                    123
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthstudy.arch import spec_from_json
from depthstudy.errors import DamagedError, InputError
from depthstudy.records import Record
from depthstudy.store import arrays, packed
from depthstudy.store.arrays import Arrays
from depthstudy.store.files import sync

if TYPE_CHECKING:
    from depthstudy.store.run import RunInfo

VARIABLES = "variables.safetensors"
_TRAINING = "training.safetensors"
_STATE = "state"
_COLLECTIONS = ("params", "batch_stats")
_PARTIAL = ".partial"
_PARTIALS = (f"*{_PARTIAL}", "*.orbax-checkpoint-tmp*")  # the latter of earlier versions
# What begins the names of arrays that are no part of the state.
_ERRORS, _ANSWERS, _LOG = "errors/", "answers/", "log/"
_RECORDS = "records"
_FIELDS = ("step", "probe", "layer", "metric", "value")  # of a record; the header has the others


class Measured(NamedTuple):
    """What was measured up to a checkpoint.

    Attributes:
      records: All records of the run so far.
      errors: The error of each example by split, of a run that is done.
      log: Metrics of the steps that no record tells of yet, by name.
      answers: What the net says of each test example, by name, of a run that is done.
    """

    records: Sequence[Record] = ()
    errors: Mapping[str, NDArray[np.float64]] = {}
    log: Mapping[str, np.ndarray] = {}
    answers: Mapping[str, np.ndarray] = {}


class CheckpointWriter:
    """Writes checkpoints in a thread of its own, and removes old ones; one writer a folder."""

    def __init__(self, folder: Path, keep: int | None = None, always: Sequence[int] = ()) -> None:
        """Opens the folder; a save that a kill cut short is removed.

        Args:
          folder: The folder of all checkpoints of a run; made where there is none.
          keep: How many stay, counted from the last; ``None`` are all.
          always: Steps whose checkpoints stay in any case.
        """
        self._folder, self._keep, self._always = folder, keep, always
        folder.mkdir(parents=True, exist_ok=True)
        for pattern in _PARTIALS:
            for partial in folder.glob(pattern):
                shutil.rmtree(partial)
        self._thread = futures.ThreadPoolExecutor(max_workers=1)
        self._written: futures.Future[None] | None = None

    def save(self, step: int, state: Any, info: RunInfo, measured: Measured | None = None) -> None:
        """Starts to write a checkpoint; one that exists stays as it is, unless it has a log.

        Args:
          step: How many steps the state has been trained for.
          state: A Flax state with ``params`` and ``batch_stats``; it may change once this returns.
          info: What the run is.
          measured: What has been measured of it so far.
        """
        self.wait()
        named = arrays.flatten(state)
        text = {"step": str(step)} | _as_text(dataclasses.asdict(info))
        variables = {name: named.pop(name) for name in list(named) if _is_variable(name)}
        files = {VARIABLES: (variables, text), _TRAINING: _with_measured(named, text, measured)}
        self._written = self._thread.submit(self._write, step, files)

    def _write(self, step: int, files: Mapping[str, tuple[Arrays, dict[str, str]]]) -> None:
        place = self._folder / str(step)
        if place.exists() and not arrays.has(place / _STATE / _TRAINING, _LOG):
            return
        partial = self._folder / f"{step}{_PARTIAL}"
        (partial / _STATE).mkdir(parents=True, exist_ok=True)
        try:
            for name, (named, text) in files.items():
                arrays.write(partial / _STATE / name, named, text)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)  # on a full disk it is in the way
            raise
        sync(partial / _STATE)
        if place.exists():  # it has a log of what is recorded in this one
            place.rename(self._folder / f"{step}.former{_PARTIAL}")
        partial.rename(place)
        sync(self._folder)
        self._remove_old()

    def _remove_old(self) -> None:
        steps = CheckpointReader(self._folder).all_steps()
        kept = {*self._always, *(steps if self._keep is None else steps[-self._keep :])}
        for step in set(steps) - kept:
            partial = self._folder / f"{step}{_PARTIAL}"
            (self._folder / str(step)).rename(partial)
            shutil.rmtree(partial)

    def wait(self) -> None:
        """Waits until everything is on disk; raises what the writing thread raised."""
        if self._written is not None:
            self._written.result()

    def close(self) -> None:
        """Waits until everything is on disk, and ends."""
        with self._thread:
            self.wait()


@dataclasses.dataclass(frozen=True)
class CheckpointReader:
    """Reads checkpoints; it makes, changes and removes nothing, even while a run is written.

    Attributes:
      folder: The folder of all checkpoints of a run; it need not exist.
    """

    folder: Path

    def all_steps(self) -> list[int]:
        """Returns the steps of the checkpoints that are there, damaged or not, ascending."""
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
        named = self._read(step, VARIABLES, info) | self._read(step, _TRAINING, info)
        named = {n: x for n, x in named.items() if not n.startswith((_ERRORS, _ANSWERS, _LOG))}
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
        named, text = arrays.read(self._state(step) / _TRAINING)
        if _RECORDS not in text:
            return None
        whose: dict[str, Any] = {
            "study": text["study"],
            "variant": text["variant"],
            "seed": int(text["seed"]),
        }
        rows = [dict(zip(_FIELDS, row, strict=True)) for row in json.loads(text[_RECORDS])]
        return Measured(
            [Record(**whose, **row) for row in rows],
            {name: values.astype(np.float64) for name, values in _under(_ERRORS, named).items()},
            _under(_LOG, named),
            _under(_ANSWERS, named),
        )

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
        return {name: variables.get(name, {}) for name in _COLLECTIONS}

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
        return _from_text(text)

    def _state(self, step: int) -> Path:
        return self.folder / str(step) / _STATE

    def _is_packed(self, step: int) -> bool:
        return not any((self._state(step) / name).exists() for name in (VARIABLES, _TRAINING))

    def _read(self, step: int, name: str, info: RunInfo | None = None) -> Arrays:
        path = self._state(step) / name
        named, text = arrays.read(path)
        if text.get("step") != str(step):
            raise DamagedError(f"{path} says that it is of step {text.get('step')}")
        if info is not None:
            _require_same(path, _from_text(text), info)
        return named


_TEXTS = ("study", "variant", "arch", "dataset")  # fields of RunInfo that are text


def _require_same(path: Path, stored: Mapping[str, Any], info: RunInfo) -> None:
    """Refuses a checkpoint that is of another run, by what it says of itself."""
    for field in ("variant", "seed", "arch", "image_shape"):
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


def _is_variable(name: str) -> bool:
    return name.split("/")[0] in _COLLECTIONS


def _with_measured(
    named: Arrays, text: dict[str, str], measured: Measured | None
) -> tuple[Arrays, dict[str, str]]:
    if measured is None:
        return named, text
    more = {f"{_ERRORS}{name}": np.asarray(x, np.float32) for name, x in measured.errors.items()}
    more |= {f"{_LOG}{name}": np.array(x) for name, x in measured.log.items()}
    more |= {f"{_ANSWERS}{name}": np.array(x) for name, x in measured.answers.items()}
    rows = [[getattr(row, field) for field in _FIELDS] for row in measured.records]
    return named | more, text | {_RECORDS: json.dumps(rows, allow_nan=False)}


def _under(prefix: str, named: Arrays) -> Arrays:
    return {n.removeprefix(prefix): x for n, x in named.items() if n.startswith(prefix)}


def _as_text(fields: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        for name, value in fields.items()
    }


def _from_text(text: Mapping[str, str]) -> dict[str, Any]:
    """Returns the fields that ``_as_text`` made text of, as JSON has them."""
    with contextlib.suppress(ValueError):
        return {
            name: value if name in _TEXTS else json.loads(value)
            for name, value in text.items()
            if name not in ("step", _RECORDS)
        }
    return {}
