"""What the images of folders have left in the cache, and what of it can go."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from depthstudy.config import DataConfig
from depthstudy.data.sources.detection import object_folder
from depthstudy.data.sources.folder import source as image_folder
from depthstudy.data.sources.folder.contents import SCANS
from depthstudy.data.sources.tfds import prepared
from depthstudy.errors import InputError

_PREFIXES = (image_folder.PREFIX, object_folder.PREFIX)


class Cleaned(NamedTuple):
    """What was removed.

    Attributes:
      place: The folder of the cache.
      sets: Number of prepared sets that were removed.
      size: Their size in bytes.
    """

    place: Path
    sets: int
    size: int


def clean(config: DataConfig, keep: Collection[str] = ()) -> Cleaned:
    """Removes the prepared sets of folders, those with boxes too, and the notes of their files.

    Whatever is removed is made again when it is needed; runs that have learned a set whose folder
    has changed since can then no longer be measured.

    Args:
      config: Its ``data_dir`` is where prepared sets are.
      keep: Names of sets that stay.

    Raises:
      InputError: A set cannot be removed.
    """
    place = prepared.data_dir(config)
    sets = [
        folder
        for prefix in _PREFIXES
        for folder in place.glob(f"{prefix}*")
        if _is_set(folder, prefix, keep)
    ]
    size = sum(path.stat().st_size for s in sets for path in s.rglob("*") if path.is_file())
    try:
        for folder in sets:
            shutil.rmtree(folder)
        shutil.rmtree(place / SCANS, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{error.filename} cannot be removed ({error.strerror})") from error
    return Cleaned(place, len(sets), size)


def _is_set(folder: Path, prefix: str, keep: Collection[str]) -> bool:
    """Whether a folder is a prepared set of a user's images, and none of those that stay."""
    digest = folder.name.removeprefix(prefix)
    is_named_so = len(digest) == 16 and set(digest) <= set("0123456789abcdef")
    return is_named_so and folder.is_dir() and f"{folder.name}/{prepared.VERSION}" not in keep
