"""Which examples a finished run gets wrong, a bit each, and what it says of test examples."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthstudy.errors import DamagedError
from depthstudy.store.arrays_file import read_arrays, write_arrays
from depthstudy.store.files import remove, write_bytes

_AGAIN = "run the command of the study again, or remove the folder of that run"


def write_errors(path: Path, errors: Mapping[str, NDArray[np.float64]]) -> None:
    """Writes the error of each example of some splits: as bits where all are 0 or 1.

    Without any, there is no file.

    Args:
      path: The file, ``.npz``.
      errors: Name of a split to ``errors[examples]``.
    """
    if not errors:
        _remove(path)
        return
    arrays: dict[str, Any] = {}
    for split, values in errors.items():
        is_binary = bool(np.isin(values, (0, 1)).all())
        arrays[split] = np.packbits(values > 0) if is_binary else values.astype(np.float32)
        arrays[f"{split}_count"] = np.array(len(values) if is_binary else -1)
    file = io.BytesIO()
    np.savez(file, **arrays)
    write_bytes(path, file.getvalue())


def read_errors(path: Path) -> dict[str, NDArray[np.float64]]:
    """Reads what ``write_errors`` wrote; nothing where there is no file.

    Raises:
      DamagedError: It is not as it was written.
    """
    arrays = _read(path)
    splits = [name for name in arrays if not name.endswith("_count")]
    try:
        return {split: _unpacked(arrays[split], int(arrays[f"{split}_count"])) for split in splits}
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{path} is not as it was written: {error!r}; {_AGAIN}") from error


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        return read_arrays(path)
    except DamagedError as error:
        raise DamagedError(f"{error}; {_AGAIN}") from error


def _unpacked(values: NDArray, count: int) -> NDArray[np.float64]:
    bits = values if count < 0 else np.unpackbits(values, count=count)
    return bits.astype(np.float64)


def write_answers(path: Path, answers: Mapping[str, NDArray[Any]]) -> None:
    """Writes what a net says of each test example: whole numbers as they are, others in half.

    Where that is nothing, there is no file.

    Args:
      path: The file, ``.npz``.
      answers: Name of an answer to ``values[examples]``.
    """
    if not answers:
        _remove(path)
        return
    arrays: dict[str, Any] = {
        name: values.astype(np.float16 if values.dtype.kind == "f" else np.uint16)
        for name, values in answers.items()
    }
    write_arrays(path, arrays)


def read_answers(path: Path) -> dict[str, NDArray[Any]]:
    """Reads what ``write_answers`` wrote; nothing where there is no file.

    Raises:
      DamagedError: It is not as it was written.
    """
    return {
        name: values.astype(np.float64 if values.dtype.kind == "f" else np.int64)
        for name, values in _read(path).items()
    }


def _remove(path: Path) -> None:
    if path.exists():  # else a bucket would be asked each time
        remove(path)
