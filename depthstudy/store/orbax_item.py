"""Safetensors files as an item of an Orbax checkpoint; imported with the first checkpoint.

Orbax makes a checkpoint whole or not at all and removes old ones; it calls this for the content.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import orbax.checkpoint as ocp
from etils import epath

from depthstudy.store import arrays


@dataclasses.dataclass
class Handler(ocp.CheckpointHandler):
    """Writes the files of an item, and reads them."""

    def save(self, directory: epath.Path, args: SaveArgs) -> None:
        """Writes each file into the folder of the item."""
        for name, named in args.files.items():
            arrays.write(directory / name, named, args.metadata)

    def restore(self, directory: epath.Path, args: object = None) -> dict[str, arrays.Arrays]:
        """Returns the arrays of each file."""
        return {path.name: arrays.read(path) for path in directory.iterdir()}


@ocp.args.register_with_handler(Handler, for_save=True, for_restore=True)
@dataclasses.dataclass
class SaveArgs(ocp.args.CheckpointArgs):
    """The content of an item.

    Attributes:
      files: Arrays by name, for each name of a file.
      metadata: Text for the header of each file.
    """

    files: Mapping[str, arrays.Arrays]
    metadata: Mapping[str, str]
