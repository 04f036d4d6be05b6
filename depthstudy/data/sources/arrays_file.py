"""Images and labels in one NumPy file, as ``depthstudy.study`` writes them from arrays.

``data.name="depthstudy.data.sources.arrays_file:open_source"``, and ``data.source_dir`` is the
file: an ``.npz`` with ``train_images``, ``train_labels``, ``test_images``, ``test_labels`` and
``class_names``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.data.sources.arrays import array_source
from depthstudy.errors import InputError
from depthstudy.store import bucket

NAME = f"{__name__}:open_source"  # of the set, as ``data.name``
_SPLITS = ("train", "test")


def open_source(config: DataConfig) -> Source:
    """Opens the file that ``config.source_dir`` names.

    Raises:
      InputError: There is no such file, or it holds something else, or labels are to be read
        from another.
    """
    if config.labels_csv:
        raise InputError("data.labels_csv is not read: a file of arrays has labels of its own")
    path = bucket.copied(config.source_dir or "")
    try:
        with np.load(path, allow_pickle=False) as file:
            splits = {s: (file[f"{s}_images"], file[f"{s}_labels"]) for s in _SPLITS}
            class_names = file["class_names"].tolist()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"data.source_dir {path} is no file of arrays: {error}") from error
    return array_source(splits, class_names=class_names)


def encode(
    splits: Mapping[str, tuple[ArrayLike, ArrayLike]], class_names: Sequence[str] | None
) -> bytes:
    """Returns the content of a file of arrays, which are checked.

    Args:
      splits: Images and labels of ``"train"`` and ``"test"``, as in ``array_source``.
      class_names: Names of the classes; ``None`` names them by number.

    Raises:
      InputError: An array has another type or shape, or a label names no class.
    """
    source = array_source(splits, class_names=class_names)
    arrays = {"class_names": np.array(source.class_names)}
    for name, (images, labels) in splits.items():
        arrays |= {f"{name}_images": np.asarray(images), f"{name}_labels": np.asarray(labels)}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
