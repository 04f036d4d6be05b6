"""Writes arrays as a prepared TFDS set, whole or not at all."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Integer, UInt8
from tqdm import tqdm

_CHUNK = 2000  # the writer rewrites its metadata at every call

Arrays = tuple[
    UInt8[np.ndarray, "_ H W"], Integer[np.ndarray, " _"]
]  # grey images and their labels


def write_once(folder: Path, class_names: tuple[str, ...], splits: Mapping[str, Arrays]) -> None:
    """Prepares ``data_dir/NAME/VERSION`` unless it is there; others who ask meanwhile wait.

    The set is written beside its place and renamed, so that a folder that exists is complete; what
    a killed process left is thrown away.

    Args:
      folder: Where the set will be; its last two names are the set's name and version.
      class_names: Names of the classes, in the order of their labels.
      splits: Images and labels of each split.

    Raises:
      OSError: The folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return
        partial = folder.parent / f".{folder.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _write(partial, folder.parent.name, folder.name, class_names, splits)
        os.replace(partial, folder)


def _write(
    folder: Path,
    name: str,
    version: str,
    class_names: tuple[str, ...],
    splits: Mapping[str, Arrays],
) -> None:
    import tensorflow_datasets as tfds

    height, width = next(iter(splits.values()))[0].shape[1:]
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(height, width, 1), encoding_format="png"),
            "label": tfds.features.ClassLabel(names=list(class_names)),
        }
    )
    identity = tfds.core.dataset_info.DatasetIdentity(
        name=name, version=tfds.core.Version(version), data_dir=str(folder), module_name=__name__
    )
    info = tfds.core.DatasetInfo(
        builder=identity, features=features, supervised_keys=("image", "label")
    )
    writer = tfds.core.SequentialWriter(info, 2**31, file_format="array_record")
    writer.initialize_splits(list(splits))
    total = sum(len(labels) for _, labels in splits.values())
    with tqdm(total=total, desc=f"preparing {name}", unit=" images", delay=2, disable=None) as bar:
        for split, (images, labels) in splits.items():
            for start in range(0, len(labels), _CHUNK):
                rows = range(start, min(start + _CHUNK, len(labels)))
                writer.add_examples({split: [_example(images[i], labels[i]) for i in rows]})
                bar.update(len(rows))
    writer.close_all()


def _example(image: UInt8[np.ndarray, "H W"], label: Any) -> dict[str, Any]:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=1)  # four times as fast as the default
    return {"image": file.getvalue(), "label": int(label)}
