"""What every source of images is to the pipeline: named splits of examples by position.

A source keeps its images as it likes, in arrays, on disk or elsewhere, and hands out pixels or the
bytes of an image file; ``pipeline`` decodes, resizes, orders and batches them.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Int32, UInt8
from tqdm import tqdm

from depthstudy.data import objects
from depthstudy.errors import InputError, raised_by_user
from depthstudy.records import DataFile

Shape = tuple[int | None, int | None, int]  # height, width, channels; a side that varies is None
RawImage = bytes | UInt8[np.ndarray, "_ _ _"]  # an image file, or its pixels [H, W, C]

DEEP_BITS = 16  # of a channel, at most

Ranges = tuple[tuple[str, int, int], ...]  # split, first position and the one after the last

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

    @property
    def groups(self) -> Int[np.ndarray, " N"] | None:
        """A number for each example that copies of it share; ``None`` where copies are unknown."""
        return None

    @property
    def knows_labels(self) -> bool:
        """Whether ``labels`` are at hand without reading the split."""
        return "labels" in self.__dict__

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
            strata[rows] = [objects.stratum(object_rows) for _, object_rows in self.read(rows)]
        return strata


def read_rows(
    examples: Examples, rows: Int[np.ndarray, " n"], name: str
) -> list[tuple[RawImage, Any]]:
    """Returns image and label at each position, as ``examples.read`` does.

    Args:
      examples: Whose.
      rows: The positions.
      name: Names of the set and of the split, for an error.

    Raises:
      InputError: An example cannot be read; it is named.
      OSError: A file cannot be read now, which says nothing of what is in it.
    """
    with told_as_input(name, int(rows[0]) if len(rows) else 0, "read"):
        try:
            return examples.read(rows)
        except Exception as error:
            if len(rows) <= 1 or isinstance(error, MemoryError):
                raise
        for row in rows.tolist():  # which of them it was
            with told_as_input(name, row, "read"):
                examples.read(np.array([row]))
        return examples.read(rows)


@contextlib.contextmanager
def told_as_input(name: str, row: int, what: str) -> Iterator[None]:
    """Turns whatever a damaged image makes a decoder, or a user's code, raise into one line.

    Args:
      name: Names of the set and of the split.
      row: Position of the image in the split.
      what: What cannot be done with it, as ``"decoded"``.

    Raises:
      InputError: The line.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the machine: those of decoders have no number
        text = " ".join([f"{type(error).__name__}:", *str(error).split()]).rstrip(":")
        reason = raised_by_user(error) or text
        raise InputError(f"image {row} of {name} cannot be {what} ({reason})") from error


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Source(abc.ABC):
    """A set of images in named splits.

    Attributes:
      name: Names the content: a run is not resumed on a set of another name.
      image_shape: Height, width and channels; a side that varies is ``None``.
      class_names: Names of the classes, in the order of their labels.
      labeled: Whether labels are known; where they are not, they are all 0.
      task: What its labels are to be learned for: a key of ``tasks.TASKS``.
      title: What a person calls it; ``""`` is its name.
      files: Each file of the user's, in the set or left out of it, where it is made of such.
      notes: What a person should know before believing a result, a sentence each.
      bits: Bits in use of its images of more than 8 bits a channel; all 16 where it has none.
    """

    name: str
    image_shape: Shape
    class_names: tuple[str, ...]
    labeled: bool = True
    task: str = "classification"
    title: str = ""
    files: tuple[DataFile, ...] = ()
    notes: tuple[str, ...] = ()
    bits: int = DEEP_BITS

    @property
    def folder(self) -> Path | None:
        """The folder that its images are read from, if it is one of ours."""
        return None

    @property
    def called(self) -> str:
        """What messages call it."""
        return self.title or self.name

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

    def ranges(self, name: str) -> Ranges | None:
        """Returns where the examples of a split, or of parts of splits, lie in the whole splits.

        Returns:
          Split, first and last position (exclusive) of each range, in order; ``None`` where that is
          unknown, so that overlaps cannot be seen.

        Raises:
          InputError: There is no such split.
        """
        del name
        return None

    def missing_split(self, name: str) -> InputError:
        """Returns the error to raise for a split that is not there."""
        names = self.split_names
        slices = (
            f"; of one split, take data.train_split='{names[0]}[:80%]' and"
            f" data.test_split='{names[0]}[80%:]'"
            if len(names) == 1
            else ""
        )
        return InputError(
            f"{self.called} has no examples in split {name!r}; its splits are:"
            f" {', '.join(names)}{slices}"
        )


def ranges(name: str, counts: Mapping[str, int]) -> Ranges:
    """Returns the ranges that a TFDS name means, as ``"train[:80%]+test"``.

    >>> ranges("a[75%:]+b", {"a": 8, "b": 2})
    (('a', 6, 8), ('b', 0, 2))

    Args:
      name: The name.
      counts: Whole splits, and the examples in each.

    Raises:
      ValueError: It is no such name, or one of its ranges ends before it begins.
    """
    import tensorflow_datasets as tfds

    infos = {
        split: tfds.core.SplitInfo(name=split, shard_lengths=[count], num_bytes=0)
        for split, count in counts.items()
    }
    try:
        parts = tfds.core.ReadInstruction.from_spec(name).to_absolute(infos)
    except (KeyError, ValueError, NotImplementedError, AssertionError) as error:
        raise ValueError(name) from error
    spans = tuple((part.splitname, part.from_ or 0, part.to) for part in parts)
    spans = tuple((split, a, counts[split] if b is None else b) for split, a, b in spans)
    if any(first >= last for _, first, last in spans):
        raise ValueError(name)
    return spans
