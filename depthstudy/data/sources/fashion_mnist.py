"""Fashion-MNIST from its own files: 70,000 gray images of 28 by 28 pixels in ten classes.

Xiao, Rasul and Vollgraf 2017 (arXiv 1708.07747), MIT license. The files are IDX, the format of
MNIST: a magic number, the length of each axis, and the bytes.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
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
# Of the images and labels that were published.
_DIGEST = "6e669c39a01e88ca910e66e0349ce37127c66b5a6eb0ab619ac2bad781daef43"


def open_source(config: DataConfig) -> Source:
    """Opens the set, prepared on first use from the files in ``config.source_dir``.

    Raises:
      InputError: A file is missing or damaged, or the set cannot be written.
    """
    name, arrays = named("fashion_mnist", config.source_dir)
    return prepared.open_prepared(
        name,
        config,
        lambda folder: writer.write_arrays_once(folder, CLASS_NAMES, arrays()),
        title="fashion_mnist",
    )


def named(
    name: str, source_dir: str | None
) -> tuple[str, Callable[[], Mapping[str, writer.Arrays]]]:
    """Returns the name of a set that is made of such files, and what reads them.

    The images that were published, and those of the usual place, leave the name as it is; other
    files in ``source_dir`` add a hash of what is in them, as they make another set.

    Raises:
      InputError: A file in ``source_dir`` is missing or damaged.
    """
    if source_dir is None:
        return name, functools.partial(read, None)
    arrays = read(source_dir)
    digest = digest_of(arrays)
    return name if digest == _DIGEST else f"{name}_{digest[:16]}", lambda: arrays


def digest_of(arrays: Mapping[str, writer.Arrays]) -> str:
    """Returns a hash of images and labels, which the form of their files does not change."""
    key = hashlib.sha256()
    for split, (images, labels) in sorted(arrays.items()):
        key.update(repr((split, images.shape)).encode())
        key.update(np.ascontiguousarray(images).data)
        key.update(np.ascontiguousarray(labels).data)
    return key.hexdigest()


def read(source_dir: str | None) -> dict[str, writer.Arrays]:
    """Returns images and labels of both splits.

    Args:
      source_dir: Folder of the four files, with or without ``.gz``; ``None`` is the folder of
        Debian's package dataset-fashion-mnist.

    Raises:
      InputError: A file is missing or damaged.
    """
    folder = bucket.copied(source_dir) if source_dir else DEBIAN
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
    raw = path.read_bytes()
    try:
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        zeros, kind, rank, *shape = struct.unpack_from(f">HBB{axes}I", raw)
        if (zeros, kind, rank) != (0, _UNSIGNED_BYTE, axes):
            raise ValueError(f"it does not begin as bytes with {axes} axes do")
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise InputError(f"{path} is not a whole IDX file: {error}") from error
