"""A Fashion-MNIST of 60 random images, as the four IDX files in which it comes."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

_RANDOM = np.random.default_rng(0)
GARMENTS = {
    "train-images-idx3-ubyte": _RANDOM.integers(0, 256, (40, 28, 28), np.uint8),
    "train-labels-idx1-ubyte": (np.arange(40) % 10).astype(np.uint8),
    "t10k-images-idx3-ubyte": _RANDOM.integers(0, 256, (20, 28, 28), np.uint8),
    "t10k-labels-idx1-ubyte": (np.arange(20) % 10).astype(np.uint8),
}


def idx(array: np.ndarray) -> bytes:
    """Returns the bytes of an IDX file."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_garments(folder: Path) -> None:
    """Writes the files, the images compressed and the labels not."""
    for name, array in GARMENTS.items():
        if "images" in name:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))
