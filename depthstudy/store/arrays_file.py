"""Arrays by name in a file of NumPy's, written whole."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from depthstudy.errors import DamagedError
from depthstudy.store.files import write_bytes

# What NumPy and ``zipfile`` raise at bytes that they cannot read; an array by itself is no archive.
_UNREADABLE = (
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Writes arrays as ``.npz``."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write_bytes(path, file.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads a file of arrays by name; nothing where there is no file.

    Raises:
      DamagedError: It is not as it was written.
    """
    if not path.exists():
        return {}
    content = io.BytesIO(path.read_bytes())  # whose errors are of the disk, and no damage
    try:
        with np.load(content, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except _UNREADABLE as error:
        raise DamagedError(f"{path} is not as it was written: {error}") from error
