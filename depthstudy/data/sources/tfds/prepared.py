"""Sets that are prepared on first use, as TFDS sets in the folder of prepared sets.

A prepared set can be made again, so that one whose files are missing or damaged is, with a warning.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from depthstudy import store
from depthstudy.config import DataConfig
from depthstudy.data.sources.tfds import reader, writer
from depthstudy.data.sources.tfds.seal import damage
from depthstudy.errors import InputError

VERSION = "1.0.0"


def open_prepared(
    name: str, config: DataConfig, prepare: Callable[[Path], None], *, title: str
) -> reader.TfdsSource:
    """Opens a set, and prepares it first unless it is there and whole.

    Args:
      name: Name of the set without a version.
      config: Its ``data_dir`` is where prepared sets are.
      prepare: Writes the set to a folder, by functions of ``writer``.
      title: What an error calls the set.

    Raises:
      InputError: The set cannot be written, or ``prepare`` refuses.
      OSError: What it is made from cannot be read.
    """
    folder = data_dir(config) / name / VERSION
    try:
        if folder.is_dir() and damage(folder):
            with writer.locked(folder):  # another process may have made it again
                if folder.is_dir() and (reason := damage(folder)):
                    print(f"{title}: prepared again, as in {folder} {reason}", file=sys.stderr)
                    writer.discard(folder)
        if not folder.is_dir():
            prepare(folder)
    except OSError as error:
        if not _is_about(folder.parent, error):
            raise
        raise InputError(
            f"{title} cannot be prepared in {folder} ({error.strerror or error}); set"
            " data.data_dir to a folder that can be written and has room"
        ) from error
    return reader.open_folder(folder)


def _is_about(folder: Path, error: OSError) -> bool:
    """Whether an error is of a folder, or of one that it lies in, and not of a file elsewhere."""
    if not isinstance(error.filename, str | bytes):
        return True
    path = Path(os.fsdecode(error.filename))
    return path.is_relative_to(folder) or folder.is_relative_to(path)


def data_dir(config: DataConfig) -> Path:
    """Returns the folder of the sets that are prepared on first use.

    Raises:
      InputError: It is in a bucket, from where sets are only read.
    """
    if config.data_dir and store.bucket.is_url(config.data_dir):
        raise InputError(
            f"data.data_dir={config.data_dir} is in a bucket, and data.name={config.name!r} is"
            " prepared on this machine: leave data.data_dir out"
        )
    return Path(config.data_dir).expanduser() if config.data_dir else store.cache_dir()


def reopen(name: str, config: DataConfig) -> reader.TfdsSource | None:
    """Opens a set that is there by its full name, ``NAME/VERSION``; ``None`` where it is not."""
    folder = data_dir(config) / name
    with contextlib.suppress(OSError):  # what cannot be read is prepared again
        if folder.is_dir() and not damage(folder):
            return reader.open_folder(folder)
    return None
