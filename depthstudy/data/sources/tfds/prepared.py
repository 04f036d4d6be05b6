"""Sets that are prepared on first use, as TFDS sets in the folder of prepared sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from depthstudy import store
from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.data.sources.tfds import reader
from depthstudy.errors import InputError

_VERSION = "1.0.0"


def open_prepared(
    name: str, config: DataConfig, prepare: Callable[[Path], None], *, title: str
) -> Source:
    """Opens a set, and prepares it first unless it is there.

    To prepare a set anew, delete its folder.

    Args:
      name: Name of the set without a version.
      config: Its ``data_dir`` is where prepared sets are.
      prepare: Writes the set to a folder.
      title: What an error calls the set.

    Raises:
      InputError: The set cannot be written, or ``prepare`` refuses.
    """
    data_dir = Path(config.data_dir).expanduser() if config.data_dir else store.cache_dir()
    folder = data_dir / name / _VERSION
    if not folder.is_dir():
        try:
            prepare(folder)
        except OSError as error:
            raise InputError(
                f"{title} cannot be prepared in {folder} ({error.strerror}); set"
                " data.data_dir to a folder that can be written"
            ) from error
    return reader.open_folder(folder)
