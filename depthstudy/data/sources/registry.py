"""From ``data.name`` to the source."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.data.sources import digits, fashion_mnist, folder, imported
from depthstudy.data.sources.detection import object_folder, scenes
from depthstudy.data.sources.tfds import prepared, reader
from depthstudy.errors import InputError

SOURCES: Mapping[str, Callable[[DataConfig], Source]] = {
    "digits": digits.open_source,
    "fashion_mnist": fashion_mnist.open_source,
    "fashion_scenes": scenes.open_source,
    "folder": folder.open_source,
    "object_folder": object_folder.open_source,
}
_READ_BY = {  # fields of a config, and the sets above that read them; a user's function may, too
    "source_dir": ("fashion_mnist", "fashion_scenes", "folder", "object_folder"),
    "labels_csv": ("folder",),
}
_REOPENED = ("fashion_mnist", "fashion_scenes", "folder")  # by what is in them


def open_source(config: DataConfig, expected: str | None = None) -> Source:
    """Opens the source that ``config.name`` names: an entry above, a function or a TFDS set.

    Args:
      config: What is asked for.
      expected: Name of the set that another process, or an earlier one, has opened. Images of a
        folder that were prepared are opened by it, whatever has become of the folder since.

    Raises:
      InputError: The set is not there, cannot be prepared, is not one of labeled images, or is
        another one than expected, or it does not read what ``config`` names.
    """
    _require_read(config)
    if expected is not None and config.source_dir and config.name in _REOPENED:
        kept = prepared.reopen(expected, config)
        if kept is not None:
            title = str(config.source_dir) if config.name == "folder" else ""
            return dataclasses.replace(kept, title=title)
    source = _open(config)
    if expected not in (None, source.name):
        names = "" if source.title else f" ({expected}, now {source.name})"
        raise OtherDataError(
            f"the images of {source.called} are not those that were there before{names}", source
        )
    return source


def _require_read(config: DataConfig) -> None:
    """Refuses a field that names files which the set does not read."""
    if imported.is_function_name(config.name):
        return
    for field, names in _READ_BY.items():
        if getattr(config, field) and config.name not in names:
            raise InputError(
                f"data.{field} is not read by data.name={config.name!r}; leave it out, or take"
                f" data.name={' or '.join(map(repr, names))}"
            )


class OtherDataError(InputError):
    """A source holds other images than before."""

    def __init__(self, message: str, source: Source | None = None) -> None:
        """Keeps the source, so that what has changed can be said."""
        super().__init__(message)
        self.source = source


def _open(config: DataConfig) -> Source:
    if config.name in SOURCES:
        return SOURCES[config.name](config)
    if imported.is_function_name(config.name):
        return imported.open_source(config)
    return reader.open_folder(reader.find(config.name, config.data_dir))
