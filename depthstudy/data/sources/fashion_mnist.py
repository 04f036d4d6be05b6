"""Fashion-MNIST from its own files: 70,000 gray images of 28 by 28 pixels in ten classes.

Xiao, Rasul and Vollgraf 2017 (arXiv 1708.07747), MIT license. The files are IDX, the format of
MNIST: a magic number, the length of each axis, and the bytes.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.data.sources.tfds import prepared, writer
from depthstudy.errors import InputError
from depthstudy.store import bucket

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
_PREFIXES = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTE = 8


def open_source(config: DataConfig) -> Source:
    """Opens the set, prepared on first use from the files in ``config.source_dir``.

    It is there afterwards, whatever ``source_dir`` says by then.

    Raises:
      InputError: A file is missing or damaged, or the set cannot be written.
    """

    def prepare(folder: Path) -> None:
        writer.write_arrays_once(folder, CLASS_NAMES, read(config.source_dir))

    return prepared.open_prepared("fashion_mnist", config, prepare, title="fashion_mnist")


def read(source_dir: str | None) -> dict[str, writer.Arrays]:
    """Returns images and labels of both splits.

    Args:
      source_dir: Folder of the four files, with or without ``.gz``; ``None`` is the folder of
        Debian's package dataset-fashion-mnist.

    Raises:
      InputError: A file is missing or damaged.
    """
    folder = bucket.copied(source_dir).expanduser() if source_dir else DEBIAN
    splits = {}
    for split, prefix in _PREFIXES.items():
        images = _read_idx(_locate(folder, f"{prefix}-images-idx3-ubyte"), axes=3)
        labels = _read_idx(_locate(folder, f"{prefix}-labels-idx1-ubyte"), axes=1)
        if len(images) != len(labels) or labels.max(initial=0) >= len(CLASS_NAMES):
            raise InputError(f"{prefix} images and labels in {folder} do not belong together")
        splits[split] = (images, labels)
    return splits


def is_there() -> bool:
    """Whether the files of Debian's package are where it puts them."""
    try:
        for prefix in _PREFIXES.values():
            for name in ("images-idx3", "labels-idx1"):
                _locate(DEBIAN, f"{prefix}-{name}-ubyte")
    except InputError:
        return False
    return True


def _locate(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise InputError(
        f"no file {name}[.gz] in {folder}; `apt-get install dataset-fashion-mnist`, or set"
        " data.source_dir to a folder with {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]"
    )


def _read_idx(path: Path, axes: int) -> UInt8[np.ndarray, " ..."]:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        zeros, kind, rank, *shape = struct.unpack_from(f">HBB{axes}I", raw)
        if (zeros, kind, rank) != (0, _UNSIGNED_BYTE, axes):
            raise ValueError(f"it does not begin as bytes with {axes} axes do")
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error) as error:
        raise InputError(f"{path} is not a whole IDX file: {error}") from error
