"""The checkpoints of a run: one class writes them, another reads them and changes nothing.

```
checkpoints/STEP/state/
  variables.safetensors   params and batch_stats: what a net is applied with
  training.safetensors    step, opt_state and loss scale: what training needs besides
```

The header of both files has the step and each field of ``RunInfo``, text as it is and the rest as
JSON, so that ``variables.safetensors`` alone is a whole net: architecture, preprocessing, classes.

Why no Orbax tree: it takes Orbax 0.4 to 0.5 ms of processor time for each array, of which a deep
net has hundreds, and a study on a CPU keeps every core busy. Milliseconds of processor time for a
save, roughly, of ResNets with momentum on a busy machine of two cores:

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
from collections.abc import Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depthstudy.errors import InputError
from depthstudy.store import arrays
from depthstudy.store.arrays import Arrays

if TYPE_CHECKING:
    from depthstudy.store.run import RunInfo

VARIABLES = "variables.safetensors"
_TRAINING = "training.safetensors"
_STATE = "state"
_PACKED = "msgpack"  # the one array of a state of version 0.1 before safetensors
_COLLECTIONS = ("params", "batch_stats")


class CheckpointWriter:
    """Writes checkpoints in a thread of its own, and removes old ones; one writer a folder."""

    def __init__(self, folder: Path, keep: int | None = None, always: Sequence[int] = ()) -> None:
        """Opens the folder; a save that a kill cut short is removed.

        Args:
          folder: The folder of all checkpoints of a run; made where there is none.
          keep: How many stay, counted from the last; ``None`` are all.
          always: Steps whose checkpoints stay in any case.
        """
        import orbax.checkpoint as ocp
        from orbax.checkpoint import checkpoint_managers as policies

        from depthstudy.store import orbax_item

        self._item = orbax_item
        self._composite = ocp.args.Composite
        self._manager = ocp.CheckpointManager(
            folder.absolute(),
            options=ocp.CheckpointManagerOptions(
                preservation_policy=policies.AnyPreservationPolicy(
                    [policies.LatestN(keep), policies.CustomSteps(always)]
                ),
                cleanup_tmp_directories=True,
                enable_async_checkpointing=False,  # the writer is a thread of its own
            ),
            item_handlers={_STATE: orbax_item.Handler()},
        )
        self._thread = futures.ThreadPoolExecutor(max_workers=1)
        self._written: futures.Future[None] | None = None

    def save(self, step: int, state: Any, info: RunInfo) -> None:
        """Starts to write a checkpoint; one that exists stays as it is.

        Args:
          step: How many steps the state has been trained for.
          state: A Flax state with ``params`` and ``batch_stats``; it may change once this returns.
          info: What the run is.
        """
        self.wait()
        self._written = self._thread.submit(self._write, step, arrays.flatten(state), info)

    def _write(self, step: int, named: Arrays, info: RunInfo) -> None:
        metadata = {"step": str(step)} | _as_text(dataclasses.asdict(info))
        variables = {name: named.pop(name) for name in list(named) if _is_variable(name)}
        item = self._item.SaveArgs({VARIABLES: variables, _TRAINING: named}, metadata)
        self._manager.save(step, args=self._composite(**{_STATE: item}))

    def wait(self) -> None:
        """Waits until everything is on disk; raises what the writing thread raised."""
        if self._written is not None:
            self._written.result()

    def close(self) -> None:
        """Waits until everything is on disk, and ends."""
        with contextlib.closing(self._manager), self._thread:
            self.wait()


@dataclasses.dataclass(frozen=True)
class CheckpointReader:
    """Reads checkpoints; it makes, changes and removes nothing, even while a run is written.

    Attributes:
      folder: The folder of all checkpoints of a run; it need not exist.
    """

    folder: Path

    def all_steps(self) -> list[int]:
        """Returns the steps of the whole checkpoints, ascending."""
        if not self.folder.is_dir():
            return []
        from orbax.checkpoint import utils

        return sorted(utils.checkpoint_steps(self.folder))

    def restore(self, step: int, like: Any = None) -> Any:
        """Returns the state of a checkpoint, in the form of ``like`` or else as nested dicts.

        Args:
          step: One of ``all_steps()``.
          like: A state with the same arrays by name; their values do not matter.

        Raises:
          InputError: The checkpoint is of another net, or in a format that is not read.
        """
        if not (self._state(step) / VARIABLES).exists():
            return _restore_packed(self._state(step), like)
        named = self._read(step, VARIABLES) | self._read(step, _TRAINING)
        if like is None:
            return arrays.unflatten(named)
        try:
            return arrays.fill(like, named)
        except ValueError as error:
            raise InputError(
                f"{self._state(step)} is a checkpoint of another net: {error}"
            ) from error

    def variables(self, step: int) -> dict[str, Any]:
        """Returns ``params`` and ``batch_stats`` of a checkpoint, as nested dicts of NumPy arrays.

        Args:
          step: One of ``all_steps()``.

        Raises:
          InputError: The checkpoint is in a format that is not read.
        """
        if (self._state(step) / VARIABLES).exists():
            variables = arrays.unflatten(self._read(step, VARIABLES))
        else:
            variables = _restore_packed(self._state(step))
        return {name: variables.get(name, {}) for name in _COLLECTIONS}

    def _state(self, step: int) -> Path:
        return self.folder / str(step) / _STATE

    def _read(self, step: int, name: str) -> Arrays:
        return arrays.read(self._state(step) / name)


def _is_variable(name: str) -> bool:
    return name.split("/")[0] in _COLLECTIONS


def _as_text(fields: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        for name, value in fields.items()
    }


def _restore_packed(folder: Path, like: Any = None) -> Any:
    """Returns a state as it was written before safetensors: msgpack in one array of bytes."""
    import orbax.checkpoint as ocp
    from flax import serialization

    with contextlib.closing(ocp.StandardCheckpointer()) as checkpointer:
        tree = checkpointer.restore(folder.absolute())
    if _PACKED not in tree:
        raise InputError(
            f"{folder.parent} is not as this version of depthstudy writes checkpoints; use the "
            "version that wrote it, or train again"
        )
    packed = tree[_PACKED].tobytes()
    if like is None:
        return serialization.msgpack_restore(packed)
    return serialization.from_bytes(like, packed)
