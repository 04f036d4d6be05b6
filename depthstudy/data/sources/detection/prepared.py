"""Writes images with objects as a prepared TFDS set, with the schema of TFDS's ``coco``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depthstudy.data import objects
from depthstudy.data.source import DEEP_BITS, Shape, Source
from depthstudy.data.sources.tfds import split_index, writer
from depthstudy.data.sources.tfds.objects import OBJECTS
from depthstudy.data.sources.tfds.source import BITS, TfdsSource
from depthstudy.data.sources.tfds.split_index import SplitIndex

_NOTES = "notes.json"

Example = tuple[bytes, tuple[int, int], objects.Rows]  # image file, height and width, objects


def write_once(
    folder: Path,
    class_names: tuple[str, ...],
    shape: Shape,
    splits: Mapping[str, Iterable[Example]],
    *,
    total: int,
    notes: Sequence[str] = (),
    bits: int = DEEP_BITS,
    indexes: Mapping[str, SplitIndex] | None = None,
) -> None:
    """Writes a set, with what a person should know of it, as ``tfds.writer.write_files_once`` does.

    Args:
      folder: Where the set will be.
      class_names: Names of the classes, in the order of their labels.
      shape: Of every image.
      splits: Examples of each split.
      total: Number of examples in all splits.
      notes: What a person should know.
      bits: Those in use of images of more than 8 bits, as ``Source.bits``.
      indexes: Classes of the largest objects, and groups of copies, of each split if known.

    Raises:
      OSError: The folder cannot be written.
    """
    import tensorflow_datasets as tfds

    feature = tfds.features.Sequence(
        {
            "bbox": tfds.features.BBoxFeature(),
            "label": tfds.features.ClassLabel(names=list(class_names)),
            "is_crowd": tfds.features.Scalar(np.bool_),
            "area": tfds.features.Scalar(np.float32),
        }
    )
    records = {name: _records(examples) for name, examples in splits.items()}
    writer.write_files_once(
        folder,
        class_names,
        shape,
        records,
        total=total,
        label=(OBJECTS, feature),
        beside={
            _NOTES: json.dumps(list(notes)).encode(),
            BITS: str(bits).encode(),
            **({split_index.INDEX: split_index.encoded(indexes)} if indexes else {}),
        },
    )


def with_notes(source: TfdsSource) -> Source:
    """Returns a source with the notes that were written beside it."""
    path = source.folder / _NOTES
    if not path.is_file():
        return source
    return dataclasses.replace(source, notes=tuple(json.loads(path.read_bytes())))


def _records(examples: Iterable[Example]) -> Iterator[tuple[bytes, list[dict[str, Any]]]]:
    import tensorflow_datasets as tfds

    for encoded, (height, width), rows in examples:
        object_features = []
        for top, left, bottom, right, label, crowd, area in rows.tolist():
            box = tfds.features.BBox(top / height, left / width, bottom / height, right / width)
            object_features.append(
                {"bbox": box, "label": int(label), "is_crowd": bool(crowd), "area": area}
            )
        yield encoded, object_features
