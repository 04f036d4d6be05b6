"""From the name of a set to the set, prepared if need be."""

from __future__ import annotations

import os
from pathlib import Path

from depthstudy.config import DataConfig
from depthstudy.data import digits, fashion_mnist, tfds_reader, tfds_writer
from depthstudy.errors import InputError

OWN = {"digits": digits, "fashion_mnist": fashion_mnist}  # the sets that we prepare ourselves
_VERSION = "1.0.0"


def open_source(config: DataConfig) -> tfds_reader.Source:
    """Opens the set that ``config.name`` names.

    A set of ours is prepared on first use and found again afterwards, whatever ``source_dir``
    says by then; to prepare it anew, delete its folder.

    Raises:
      InputError: The set is not there, cannot be prepared, or is not one of labelled images.
    """
    if config.name not in OWN:
        return tfds_reader.open_folder(tfds_reader.find(config.name, config.data_dir))
    recipe = OWN[config.name]
    folder = _data_dir(config) / config.name / _VERSION
    if not folder.is_dir():
        splits = recipe.read(config.source_dir)
        try:
            tfds_writer.write_once(folder, recipe.CLASS_NAMES, splits)
        except OSError as error:
            raise InputError(
                f"{config.name} cannot be prepared in {folder} ({error.strerror}); set"
                " data.data_dir to a folder that can be written"
            ) from error
    return tfds_reader.open_folder(folder)


def _data_dir(config: DataConfig) -> Path:
    if config.data_dir:
        return Path(config.data_dir).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "depthstudy"
