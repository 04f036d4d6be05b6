"""Readers: they decode chosen examples of a source, and are sent to the processes that stream."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float32, Int, Int32, UInt8
from tqdm import tqdm

from depthstudy import runtime
from depthstudy.data import objects
from depthstudy.data.pipeline.crop import Draws, RandomCrop
from depthstudy.data.pipeline.decode import CROP, FIT, decode, decode_fitted
from depthstudy.data.pipeline.sharding import put, put_own
from depthstudy.data.source import Examples, read_rows, told_as_input
from depthstudy.errors import InputError

_CHUNK = 256  # examples that a thread reads at a time

Labels = Int32[np.ndarray, " B"] | Float32[np.ndarray, "B M 7"]  # classes, or objects


class Batch(NamedTuple):
    """Images with their labels on the device, as a pytree."""

    images: UInt8[Array, "B H W C"]
    labels: Int32[Array, " B"] | Float32[Array, "B M 7"]


class HostBatch(NamedTuple):
    """Images with their labels on the host."""

    images: UInt8[np.ndarray, "B H W C"]
    labels: Labels

    def put(self, sharding: jax.sharding.Sharding | None) -> Batch:
        """Returns the same on the device."""
        return Batch(*put(tuple(self), sharding))

    def put_own(self, sharding: jax.sharding.Sharding | None, rows: int) -> Batch:
        """Returns the batch of so many rows of which these lie on devices of this host."""
        return Batch(*put_own(tuple(self), sharding, rows))


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Reader:
    """Decodes chosen examples of a split; small enough to be sent to a worker process.

    Attributes:
      name: Names of the set and of the split, for the line of progress.
      examples: Every example of the split.
      rows: The examples that are in use; position ``i`` of the reader is ``examples[rows[i]]``.
      noise: Offset that is added to each label, modulo ``num_classes``.
      num_classes: Number of classes.
      image_shape: Height, width and channels to which images are decoded.
      resize: Name of the rule of resizing; see ``decode.RESIZES``.
      center: Share of the shorter side that is kept, by the rule ``"crop"``.
      crop_area: Least share of the area that a random crop of an image file keeps; 1 is no crop.
    """

    name: str
    examples: Examples
    rows: Int[np.ndarray, " n"]
    noise: Int32[np.ndarray, " n"]
    num_classes: int
    image_shape: tuple[int, int, int]
    resize: str = CROP
    center: float = 1.0
    crop_area: float = 1.0

    @classmethod
    def of_all(cls, examples: Examples, **fields: Any) -> Reader:
        """Returns a reader of every example, without noise; ``fields`` are the other attributes."""
        count = len(examples)
        rows, noise = np.arange(count), np.zeros(count, np.int32)
        return cls(examples=examples, rows=rows, noise=noise, **fields)

    def at(self, rows: Int[np.ndarray, " n"]) -> Reader:
        """Returns a reader of other rows of the same examples, without noise."""
        return dataclasses.replace(self, rows=rows, noise=np.zeros(len(rows), np.int32))

    def __len__(self) -> int:
        """Returns the number of examples in use."""
        return len(self.rows)

    @property
    def split_labels(self) -> Int32[np.ndarray, " N"]:
        """The label of every example of the split, also of those that are not in use.

        Raises:
          InputError: An example cannot be read.
        """
        try:
            return self.examples.labels
        except Exception:
            for start in range(0, len(self.examples), _CHUNK):  # which of them it was
                rows = np.arange(start, min(start + _CHUNK, len(self.examples)))
                read_rows(self.examples, rows, self.name)
            raise

    def read(
        self,
        indices: Int[np.ndarray, " B"],
        draws: Draws | None = None,
        out: UInt8[np.ndarray, "B H W C"] | None = None,
    ) -> HostBatch:
        """Returns images and noisy labels at positions, on the host.

        Args:
          indices: The positions.
          draws: Random numbers of a crop of each image; ``None`` reads images as for evaluation.
          out: Where the images are written; ``None`` is a new array.

        Raises:
          InputError: An image cannot be read or decoded, or a label names no class.
          OSError: A file cannot be read now, which says nothing of what is in it.
        """
        rows = self.rows[indices]
        pairs = read_rows(self.examples, rows, self.name)
        images = np.empty((len(pairs), *self.image_shape), np.uint8) if out is None else out
        random_crop = None if draws is None else RandomCrop(self.image_shape, self.crop_area)
        for i, (row, (raw, _)) in enumerate(zip(rows.tolist(), pairs, strict=True)):
            with told_as_input(self.name, row, "decoded"):
                if random_crop is None or draws is None:
                    images[i] = decode(raw, self.image_shape, self.resize, self.center)
                else:
                    images[i] = random_crop(raw, draws[i])
        labels = np.array([label for _, label in pairs], np.int32)
        self._require_labels(labels, indices)
        return HostBatch(images, self.noisy(labels, indices))

    def _require_labels(
        self, labels: Int32[np.ndarray, " B"], indices: Int[np.ndarray, " B"]
    ) -> None:
        """Refuses labels of no class, of which -1 usually means that there is none."""
        wrong = np.flatnonzero((labels < 0) | (labels >= self.num_classes))
        if len(wrong):
            place, label = int(self.rows[indices[wrong[0]]]), int(labels[wrong[0]])
            raise InputError(
                f"image {place} of {self.name} has the label {label}, which is no class (allowed: 0"
                f" to {self.num_classes - 1}); take a split or slice whose images are all labeled"
            )

    def read_many(self, indices: Int[np.ndarray, " B"]) -> HostBatch:
        """Reads with threads and, where it takes long, a line of progress; else as ``read``."""
        chunks = [indices[i : i + _CHUNK] for i in range(0, len(indices), _CHUNK)]
        images = np.empty((len(indices), *self.image_shape), np.uint8)
        labels = self.empty_labels(len(indices))
        title = f"reading {self.name}"
        bar = tqdm(total=len(indices), desc=title, unit=" images", delay=2, disable=None)
        with concurrent.futures.ThreadPoolExecutor(runtime.cores()) as pool, bar:
            start = 0
            for batch in pool.map(self.read, chunks):
                stop = start + len(batch.labels)
                images[start:stop], labels[start:stop] = batch
                bar.update(stop - start)
                start = stop
        return HostBatch(images, labels)

    def empty_labels(self, count: int) -> Labels:
        """Returns room for the labels of so many examples."""
        return np.empty(count, np.int32)

    def noisy(self, true_labels: Labels, indices: Int[np.ndarray, " B"]) -> Labels:
        """Returns the labels that are trained on at positions whose true labels are given."""
        return (true_labels + self.noise[indices]) % np.int32(self.num_classes)


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class ObjectReader(Reader):
    """Decodes examples whose labels are objects, which are moved with the image.

    Attributes:
      max_objects: Rows of a label; see ``data.objects``.
      resize: An image is fitted in, with its aspect, at the upper left.
    """

    max_objects: int
    resize: str = FIT

    def empty_labels(self, count: int) -> Labels:
        """Returns room for the objects of so many images."""
        return np.empty((count, self.max_objects, objects.COLUMNS), np.float32)

    def read(
        self,
        indices: Int[np.ndarray, " B"],
        draws: Draws | None = None,
        out: UInt8[np.ndarray, "B H W C"] | None = None,
    ) -> HostBatch:
        """Returns images and their objects, in pixels of the decoded image; nothing is drawn.

        Raises:
          InputError: An image cannot be read or decoded.
          OSError: A file cannot be read now, which says nothing of what is in it.
        """
        assert draws is None
        rows = self.rows[indices]
        pairs = read_rows(self.examples, rows, self.name)
        images = np.empty((len(pairs), *self.image_shape), np.uint8) if out is None else out
        labels = self.empty_labels(len(pairs))
        places = zip(rows.tolist(), images, labels, pairs, strict=True)
        for row, image, label, (raw, object_rows) in places:
            with told_as_input(self.name, row, "decoded"):
                image[...], factors = decode_fitted(raw, self.image_shape)
            label[...] = objects.padded(objects.scaled(object_rows, *factors), self.max_objects)
        return HostBatch(images, labels)

    def noisy(self, true_labels: Labels, indices: Int[np.ndarray, " B"]) -> Labels:
        """Returns the objects as they are."""
        del indices
        return true_labels
