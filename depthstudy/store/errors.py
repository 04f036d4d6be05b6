"""Which examples a finished run gets wrong, a bit each, and what it says of test examples."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthstudy.store.files import write_bytes


def write_errors(path: Path, errors: Mapping[str, NDArray[np.float64]]) -> None:
    """Writes the error of each example of some splits: as bits where all are 0 or 1.

    Args:
      path: The file, ``.npz``.
      errors: Name of a split to ``errors[examples]``.
    """
    arrays: dict[str, Any] = {}
    for split, values in errors.items():
        is_binary = bool(np.isin(values, (0, 1)).all())
        arrays[split] = np.packbits(values > 0) if is_binary else values.astype(np.float32)
        arrays[f"{split}_count"] = np.array(len(values) if is_binary else -1)
    file = io.BytesIO()
    np.savez(file, **arrays)
    write_bytes(path, file.getvalue())


def read_errors(path: Path) -> dict[str, NDArray[np.float64]]:
    """Reads what ``write_errors`` wrote; nothing where there is no file."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        splits = [name for name in arrays.files if not name.endswith("_count")]
        return {split: _unpacked(arrays[split], int(arrays[f"{split}_count"])) for split in splits}


def _unpacked(values: NDArray, count: int) -> NDArray[np.float64]:
    bits = values if count < 0 else np.unpackbits(values, count=count)
    return bits.astype(np.float64)


def write_answers(path: Path, answers: Mapping[str, NDArray[Any]]) -> None:
    """Writes what a net says of each test example: whole numbers as they are, others in half.

    Args:
      path: The file, ``.npz``.
      answers: Name of an answer to ``values[examples]``.
    """
    arrays: dict[str, Any] = {
        name: values.astype(np.float16 if values.dtype.kind == "f" else np.uint16)
        for name, values in answers.items()
    }
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write_bytes(path, file.getvalue())


def read_answers(path: Path) -> dict[str, NDArray[Any]]:
    """Reads what ``write_answers`` wrote; nothing where there is no file."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return {
            name: arrays[name].astype(np.float64 if arrays[name].dtype.kind == "f" else np.int64)
            for name in arrays.files
        }
