"""What every source of images is to the pipeline: named splits of examples by position.

A source keeps its images as it likes, in arrays, on disk or elsewhere, and hands out pixels or the
bytes of an image file; ``pipeline`` decodes, resizes, orders and batches them.
"""

from __future__ import annotations

import abc
import dataclasses
import functools
from typing import Any

import numpy as np
from jaxtyping import Int, Int32, UInt8
from tqdm import tqdm

from depthstudy.data import objects
from depthstudy.errors import InputError

Shape = tuple[int | None, int | None, int]  # height, width, channels; a side that varies is None
RawImage = bytes | UInt8[np.ndarray, "_ _ _"]  # an image file, or its pixels [H, W, C]

_CHUNK = 1024  # labels that are read at a time


class Examples(abc.ABC):
    """The examples 0 to ``len(examples) - 1`` of a split.

    It has to pickle where the split is streamed by worker processes.
    """

    @abc.abstractmethod
    def __len__(self) -> int:
        """Returns the number of examples."""

    @abc.abstractmethod
    def read(self, rows: Int[np.ndarray, " n"]) -> list[tuple[RawImage, Any]]:
        """Returns image and label at each position; threads call it at the same time."""

    @functools.cached_property
    def labels(self) -> Int32[np.ndarray, " N"]:
        """The label of every example; asking for them reads the split once."""
        labels = np.empty(len(self), np.int32)
        bar = tqdm(total=len(self), desc="reading labels", unit=" images", delay=2, disable=None)
        with bar:
            for start in range(0, len(self), _CHUNK):
                rows = np.arange(start, min(start + _CHUNK, len(self)))
                labels[rows] = [label for _, label in self.read(rows)]
                bar.update(len(rows))
        return labels


class ObjectExamples(Examples):
    """Examples whose labels are objects: rows of ``data.objects``, in pixels of the image's own."""

    max_objects: int  # rows that are enough for each image, or at most are read

    @functools.cached_property
    def labels(self) -> Int32[np.ndarray, " N"]:
        """What splits are stratified by: the class of the largest object of each image."""
        strata = np.empty(len(self), np.int32)
        for start in range(0, len(self), _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, len(self)))
            strata[rows] = [objects.stratum(found) for _, found in self.read(rows)]
        return strata


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Source(abc.ABC):
    """A set of images in named splits.

    Attributes:
      name: Names the content: a run is not resumed on a set of another name.
      image_shape: Height, width and channels; a side that varies is ``None``.
      class_names: Names of the classes, in the order of their labels.
      labeled: Whether labels are known; where they are not, they are all 0.
      task: What its labels are to be learned for: a key of ``tasks.TASKS``.
    """

    name: str
    image_shape: Shape
    class_names: tuple[str, ...]
    labeled: bool = True
    task: str = "classification"

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    @abc.abstractmethod
    def split_names(self) -> tuple[str, ...]:
        """Names of the whole splits."""

    @abc.abstractmethod
    def split(self, name: str) -> Examples:
        """Opens a split by its name, for example ``"train"``.

        Raises:
          InputError: There is no such split, it is empty, or its examples have no labels.
        """

    def missing_split(self, name: str) -> InputError:
        """Returns the error to raise for a split that is not there."""
        return InputError(
            f"{self.name} has no examples in split {name!r}; its splits are:"
            f" {', '.join(self.split_names)}"
        )
