"""Training states as they were written before safetensors: msgpack in one array of Orbax."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from depthstudy.errors import DamagedError, InputError

_PACKED = "msgpack"  # the one array of such a state


def restore(folder: Path, like: Any = None) -> Any:
    """Returns a state, in the form of ``like`` or else as nested dicts.

    Raises:
      DamagedError: The folder is no whole checkpoint.
      InputError: It is one of a version before that.
    """
    import orbax.checkpoint as ocp
    from flax import serialization

    if not (folder / "_METADATA").exists():
        raise DamagedError(f"{folder} is no checkpoint: it has neither of its two files")
    with contextlib.closing(ocp.StandardCheckpointer()) as checkpointer:
        try:
            tree = checkpointer.restore(folder.absolute())
        except Exception as error:  # Orbax has no type of its own for what it cannot read
            raise DamagedError(f"{folder} cannot be read: {error}") from error
    if _PACKED not in tree:
        raise InputError(
            f"{folder.parent} is not as this version of depthstudy writes checkpoints; use the "
            "version that wrote it, or train again"
        )
    packed = tree[_PACKED].tobytes()
    if like is None:
        return serialization.msgpack_restore(packed)
    return serialization.from_bytes(like, packed)
