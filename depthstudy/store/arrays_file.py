"""Arrays by name in a file of NumPy's, written whole."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from depthstudy.store.files import write_bytes


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays as ``.npz``."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write_bytes(path, file.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads what ``write_arrays`` wrote; nothing where there is no file."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
