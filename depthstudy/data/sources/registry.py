"""From the name of a set to the set, prepared if need be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from depthstudy import store
from depthstudy.config import DataConfig
from depthstudy.data.sources import (
    digits,
    fashion_mnist,
    folder,
    folder_scan,
    tfds_reader,
    tfds_writer,
)
from depthstudy.errors import InputError

OWN = {"digits": digits, "fashion_mnist": fashion_mnist}  # sets that are prepared from arrays
FOLDER = "folder"  # the user's own images
_VERSION = "1.0.0"


def open_source(config: DataConfig) -> tfds_reader.Source:
    """Opens the set that ``config.name`` names.

    A set of ours is prepared on first use and found again afterwards, whatever ``source_dir``
    says by then; to prepare it anew, delete its folder. A folder of images is prepared again when
    an image in it, or the seed that divides it, has changed.

    Raises:
      InputError: The set is not there, cannot be prepared, or is not one of labeled images.
    """
    if config.name == FOLDER:
        return _open_folder(config)
    if config.name not in OWN:
        return tfds_reader.open_folder(tfds_reader.find(config.name, config.data_dir))
    recipe = OWN[config.name]
    target = _data_dir(config) / config.name / _VERSION
    if not target.is_dir():
        splits = recipe.read(config.source_dir)
        _prepare(
            config.name,
            target,
            lambda: tfds_writer.write_once(target, recipe.CLASS_NAMES, splits),
        )
    return tfds_reader.open_folder(target)


def _open_folder(config: DataConfig) -> tfds_reader.Source:
    found = folder_scan.scan(config.source_dir)
    name = f"{FOLDER}_{folder.fingerprint(found, config.seed)}"
    target = _data_dir(config) / name / _VERSION
    if not target.is_dir():
        _prepare(str(found.root), target, lambda: folder.prepare(found, target, config.seed))
    return tfds_reader.open_folder(target)


def _prepare(what: str, target: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise InputError(
            f"{what} cannot be prepared in {target} ({error.strerror}); set"
            " data.data_dir to a folder that can be written"
        ) from error


def _data_dir(config: DataConfig) -> Path:
    return Path(config.data_dir).expanduser() if config.data_dir else store.cache_dir()
