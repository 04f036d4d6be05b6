"""From ``data.name`` to the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.data.sources import digits, fashion_mnist, folder, imported
from depthstudy.data.sources.detection import object_folder, scenes
from depthstudy.data.sources.tfds import reader

SOURCES: Mapping[str, Callable[[DataConfig], Source]] = {
    "digits": digits.open_source,
    "fashion_mnist": fashion_mnist.open_source,
    "fashion_scenes": scenes.open_source,
    "folder": folder.open_source,
    "object_folder": object_folder.open_source,
}


def open_source(config: DataConfig) -> Source:
    """Opens the source that ``config.name`` names: an entry above, a function or a TFDS set.

    Raises:
      InputError: The set is not there, cannot be prepared, or is not one of labeled images.
    """
    if config.name in SOURCES:
        return SOURCES[config.name](config)
    if imported.is_function_name(config.name):
        return imported.open_source(config)
    return reader.open_folder(reader.find(config.name, config.data_dir))
