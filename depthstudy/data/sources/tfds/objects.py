"""Objects in the records of TFDS sets, as its ``coco`` and ``voc`` have them.

``objects`` is a sequence of ``bbox`` (top, left, bottom, right, in shares of height and width),
``label`` and, where known, ``is_crowd`` or ``is_difficult``, and ``area`` in pixels.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from depthstudy.data import objects
from depthstudy.data.source import Examples, ObjectExamples, RawImage, read_rows
from depthstudy.data.sources.tfds.records import RecordExamples
from depthstudy.data.sources.tfds.split_index import SplitIndex

OBJECTS = "objects"
MOST = 100  # objects of an image; of more, the largest are kept
_READ_FROM = 20_000  # images above which a set is not read to count its objects


class TfdsObjects(RecordExamples, ObjectExamples):
    """One split on disk, of images with objects."""

    def __init__(
        self,
        records: Sequence[dict[str, Any]],
        image: str,
        label: str,
        max_objects: int,
        index: SplitIndex | None = None,
    ) -> None:
        """As ``RecordExamples``; ``max_objects`` are rows that are enough for each image."""
        super().__init__(records, image, label, index)
        self.max_objects = max_objects

    def read(self, rows: Int[np.ndarray, " n"]) -> list[tuple[RawImage, objects.Rows]]:
        """Returns image file and objects at each position."""
        return [(image, _rows(label, image)) for image, label in self._pairs(rows)]


def has_objects(features: Any) -> bool:
    """Returns whether a set has objects with boxes and classes."""
    inner = getattr(features[OBJECTS], "feature", {}) if OBJECTS in features else {}
    return "bbox" in inner and "label" in inner


def most_objects(splits: Mapping[str, Examples]) -> int:
    """Returns the objects of an image at most, one at the least; large sets are not read.

    Args:
      splits: Splits by their names.

    Raises:
      InputError: An example cannot be read.
    """
    most = 1
    for name, split in splits.items():
        if len(split) > _READ_FROM:
            return MOST
        pairs = read_rows(split, np.arange(len(split)), name)
        most = max([most, *(len(rows) for _, rows in pairs)])
    return min(most, MOST)


def _rows(record: Mapping[str, Any], image: bytes) -> objects.Rows:
    from PIL import Image

    if not len(record["label"]):
        return objects.rows([], [])
    with Image.open(io.BytesIO(image)) as file:
        width, height = file.size
    boxes = np.asarray(record["bbox"], np.float32) * np.array([height, width] * 2, np.float32)
    crowds = record.get("is_crowd", record.get("is_difficult"))
    return objects.rows(boxes.tolist(), record["label"], crowds, record.get("area"))
