"""Writes images as a prepared TFDS set, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Integer, UInt8
from tqdm import tqdm

from depthstudy.data.source import Shape
from depthstudy.data.sources.tfds import split_index
from depthstudy.data.sources.tfds.seal import seal
from depthstudy.data.sources.tfds.split_index import SplitIndex
from depthstudy.errors import InputError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

_ROOM = 2**24  # bytes free, below which a failure to write is taken for want of room

Arrays = tuple[
    UInt8[np.ndarray, "_ H W"], Integer[np.ndarray, " _"]
]  # gray images and their labels
Example = tuple[bytes, Any]  # an image file and its label


def write_arrays_once(
    folder: Path, class_names: tuple[str, ...], splits: Mapping[str, Arrays]
) -> None:
    """Writes gray images as ``data_dir/NAME/VERSION`` unless it is there; other processes wait.

    The set is written beside its place and renamed, so that a folder that exists is complete; what
    a killed process left is thrown away.

    Args:
      folder: Where the set will be; its last two names are the set's name and version.
      class_names: Names of the classes, in the order of their labels.
      splits: Images and labels of each split.

    Raises:
      OSError: The folder cannot be written.
    """
    height, width = next(iter(splits.values()))[0].shape[1:]
    index = {
        split: SplitIndex(labels.astype(np.int32), None) for split, (_, labels) in splits.items()
    }
    write_files_once(
        folder,
        class_names,
        (height, width, 1),
        {split: _encode(*arrays) for split, arrays in splits.items()},
        total=sum(len(labels) for _, labels in splits.values()),
        beside={split_index.INDEX: split_index.encoded(index)},
    )


def write_files_once(
    folder: Path,
    class_names: tuple[str, ...],
    shape: Shape,
    splits: Mapping[str, Iterable[Example]],
    *,
    total: int,
    label: tuple[str, Any] | None = None,
    beside: Mapping[str, bytes] | None = None,
) -> None:
    """Writes image files, which need not fit into memory, as ``write_arrays_once`` writes arrays.

    Args:
      folder: Where the set will be; its last two names are the set's name and version.
      class_names: Names of the classes, in the order of their labels.
      shape: Of every image.
      splits: Examples of each split; they are not touched if the set is there.
      total: Number of examples in all splits, for the line of progress.
      label: Name and TFDS feature of what comes with an image; ``None`` is its class, ``label``.
      beside: Further files of the set, name to content.

    Raises:
      OSError: The folder cannot be written, for want of room or of rights; nothing is left there.
    """
    with locked(folder):
        if folder.is_dir():
            return
        partial = _partial(folder)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        bar = tqdm(total=total, desc="preparing images", unit=" images", delay=2, disable=None)
        try:
            with bar:
                info = _described(partial, folder, shape, label or _class_label(class_names))
                _write(info, splits, bar)
            for file, content in (beside or {}).items():
                (partial / file).write_bytes(content)
            seal(partial)
            os.replace(partial, folder)
        except BaseException as error:
            room = shutil.disk_usage(partial).free
            shutil.rmtree(partial, ignore_errors=True)
            if _is_full(error, room):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            raise


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Has other processes that write or discard a set wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def discard(folder: Path) -> None:
    """Removes a set that is locked, at once: none is ever there in part."""
    partial = _partial(folder)
    shutil.rmtree(partial, ignore_errors=True)
    os.replace(folder, partial)
    shutil.rmtree(partial)


def _partial(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.partial"


def _is_full(error: BaseException, room: int) -> bool:
    """Whether a failure to write comes of a full disk, by an error of the writer of records."""
    if not isinstance(error, Exception) or isinstance(error, InputError | OSError):
        return False
    return room < _ROOM or "write" in str(error).lower()


def _class_label(class_names: tuple[str, ...]) -> tuple[str, Any]:
    import tensorflow_datasets as tfds

    return "label", tfds.features.ClassLabel(names=list(class_names))


def _described(
    folder: Path, place: Path, shape: Shape, label: tuple[str, Any]
) -> tfds.core.DatasetInfo:
    """Returns what a set is, for TFDS to write in a folder, before it is in its place."""
    import tensorflow_datasets as tfds

    name, feature = label
    image = tfds.features.Image(shape=shape, encoding_format="png")
    identity = tfds.core.dataset_info.DatasetIdentity(
        name=place.parent.name,
        version=tfds.core.Version(place.name),
        data_dir=str(folder),
        module_name=__name__,
    )
    features = tfds.features.FeaturesDict({"image": image, name: feature})
    return tfds.core.DatasetInfo(
        builder=identity, features=features, supervised_keys=("image", name)
    )


def _write(
    info: tfds.core.DatasetInfo, splits: Mapping[str, Iterable[Example]], bar: tqdm[Any]
) -> None:
    import tensorflow_datasets as tfds

    _, label = info.supervised_keys
    writer = tfds.core.SequentialWriter(info, 2**31, file_format="array_record")
    writer.initialize_splits(list(splits))
    for split, examples in splits.items():
        # One call a split: each rewrites the metadata, and the examples pass through one by one.
        writer.add_examples({split: _records(examples, label, bar)})
    writer.close_all()


def _records(examples: Iterable[Example], key: str, bar: tqdm[Any]) -> Iterator[dict[str, Any]]:
    for image, label in examples:
        yield {"image": image, key: label}
        bar.update()


def _encode(
    images: UInt8[np.ndarray, "_ H W"], labels: Integer[np.ndarray, " _"]
) -> Iterator[Example]:
    from PIL import Image

    for image, label in zip(images, labels, strict=True):
        file = io.BytesIO()
        # four times as fast as the default level
        Image.fromarray(image).save(file, "PNG", compress_level=1)
        yield file.getvalue(), int(label)
