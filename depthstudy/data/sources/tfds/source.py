"""A prepared TFDS set as a source: its splits, read record by record."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from etils import epath
from jaxtyping import Int

from depthstudy.data.source import Examples, Ranges, RawImage, Source, ranges
from depthstudy.data.sources.tfds import split_index
from depthstudy.data.sources.tfds.objects import TfdsObjects
from depthstudy.data.sources.tfds.records import RecordExamples
from depthstudy.errors import InputError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

Folder: TypeAlias = Path | epath.Path  # the latter in a bucket of Google's
BITS = "bits.json"  # ``Source.bits``, of sets that we prepare


class TfdsExamples(RecordExamples):
    """One split on disk, of images with a label each."""

    def read(self, rows: Int[np.ndarray, " n"]) -> list[tuple[RawImage, int]]:
        """Returns image file and label at each position."""
        return [(image, int(label)) for image, label in self._pairs(rows)]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class TfdsSource(Source):
    """A prepared set."""

    _builder: tfds.core.DatasetBuilder
    _folder: Folder
    _image: str
    _label: str
    _max_objects: int = 0
    _opened: dict[str, Examples] = dataclasses.field(default_factory=dict, init=False)

    @property
    def folder(self) -> Folder:
        """The folder that its images are read from."""
        return self._folder

    @property
    def split_names(self) -> tuple[str, ...]:
        """Names of the whole splits."""
        return tuple(self._builder.info.splits)

    def split(self, name: str) -> Examples:
        """Opens a split by its TFDS name, for example ``"train"`` or ``"train[:90%]"``, once.

        Raises:
          InputError: There is no such split, it is empty, or its examples have no labels.
        """
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def _open(self, name: str) -> Examples:
        import tensorflow_datasets as tfds

        where = self.ranges(name)
        try:
            records = self._builder.as_data_source(
                name, decoders={self._image: tfds.decode.SkipDecoding()}, file_format="array_record"
            )
        except (KeyError, ValueError, NotImplementedError) as error:
            raise self.missing_split(name) from error
        index = split_index.read(self._folder, where)
        if self._max_objects:
            return TfdsObjects(records, self._image, self._label, self._max_objects, index)
        examples = TfdsExamples(records, self._image, self._label, index)
        try:
            first = examples.read(np.array([0]))[0][1]
        except Exception as error:  # of the reader of records, by what damages them
            raise InputError(
                f"split {name!r} of {self.called} cannot be read, a file in {self._folder} may be"
                f" damaged ({' '.join(str(error).split())}); remove that folder and prepare it anew"
            ) from error
        if first < 0:
            raise InputError(f"split {name!r} of {self.called} has no labels")
        return examples

    def ranges(self, name: str) -> Ranges:
        """Returns where the examples of a split, or of parts of splits, lie in the whole splits.

        Raises:
          InputError: There is no such split, or it is empty.
        """
        splits = self._builder.info.splits
        try:
            return ranges(name, {split: splits[split].num_examples for split in self.split_names})
        except ValueError as error:
            raise self.missing_split(name) from error
