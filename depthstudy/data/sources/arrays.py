"""Images in memory as a source, with parts of splits named as TFDS does: ``"train[:90%]"``."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int, Integer, UInt8
from numpy.typing import ArrayLike

from depthstudy.data.source import Examples, Ranges, RawImage, Source, ranges
from depthstudy.errors import InputError


class ArrayExamples(Examples):
    """Examples in memory."""

    def __init__(
        self,
        images: UInt8[np.ndarray, "N H W C"] | Sequence[RawImage],
        labels: Integer[np.ndarray, " N"],
    ) -> None:
        """Serves images, pixels or the bytes of image files, with their labels."""
        self.images = images
        self.labels = np.asarray(labels, np.int32)

    def __len__(self) -> int:
        """Returns the number of examples."""
        return len(self.labels)

    def read(self, rows: Int[np.ndarray, " n"]) -> list[tuple[RawImage, int]]:
        """Returns image and label at each position."""
        return [(self.images[row], int(self.labels[row])) for row in rows.tolist()]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class ArraySource(Source):
    """A source whose examples are in memory; ``array_source`` makes one of plain arrays.

    Attributes:
      examples: The examples of each split.
    """

    examples: Mapping[str, ArrayExamples]

    @property
    def split_names(self) -> tuple[str, ...]:
        """Names of the whole splits."""
        return tuple(self.examples)

    def split(self, name: str) -> ArrayExamples:
        """Opens a split by its name, or a part as TFDS names it: ``"train[:90%]"``.

        Raises:
          InputError: There is no such split, or it is empty.
        """
        examples = self.examples[name] if name in self.examples else self._part(name)
        if not len(examples):
            raise self.missing_split(name)
        return examples

    def ranges(self, name: str) -> Ranges:
        """Returns where the examples of a split, or of parts of splits, lie in the whole splits.

        Raises:
          InputError: There is no such split, or it is empty.
        """
        counts = {split: len(examples) for split, examples in self.examples.items()}
        if name in counts:
            return ((name, 0, counts[name]),)
        try:
            return ranges(name, counts)
        except ValueError as error:
            raise self.missing_split(name) from error

    def _part(self, name: str) -> ArrayExamples:
        chosen = [(self.examples[split], slice(a, b)) for split, a, b in self.ranges(name)]
        return ArrayExamples(
            [image for examples, part in chosen for image in examples.images[part]],
            np.concatenate([examples.labels[part] for examples, part in chosen]),
        )


def array_source(
    splits: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    class_names: Sequence[str] | None = None,
    name: str = "arrays",
) -> ArraySource:
    """Returns arrays as a source.

    Its name ends with a hash of the arrays, so that a run is resumed on the same images only.

    Args:
      splits: Images and labels of each split: images ``[N, H, W, C]`` or, gray, ``[N, H, W]`` of
        type uint8, of one shape in all splits, and labels ``[N]``, integers from 0.
      class_names: Names of the classes, in the order of their labels; ``None`` names them by
        number, up to the greatest label.
      name: What the name begins with.

    Raises:
      InputError: An array has another type or shape, or a label names no class.
    """
    arrays = {split: _checked(split, *pair) for split, pair in splits.items()}
    shapes = {images.shape[1:] for images, _ in arrays.values()}
    if len(shapes) != 1:
        raise InputError(
            "images need one height, width and channels in all splits; they are"
            f" {', '.join(map(str, sorted(shapes))) or 'absent'}"
        )
    greatest = max(int(labels.max(initial=0)) for _, labels in arrays.values())
    names = tuple(class_names or map(str, range(greatest + 1)))
    if greatest >= len(names):
        raise InputError(f"label {greatest} names no class; there are {len(names)} class names")
    key = hashlib.sha256(repr((names, *((s, x.shape) for s, (x, _) in arrays.items()))).encode())
    for images, labels in arrays.values():
        key.update(np.ascontiguousarray(images).data)
        key.update(np.ascontiguousarray(labels).data)
    (shape,) = shapes
    return ArraySource(
        name=f"{name}_{key.hexdigest()[:16]}",
        image_shape=shape,
        class_names=names,
        examples={split: ArrayExamples(*pair) for split, pair in arrays.items()},
    )


def _checked(
    split: str, images: ArrayLike, labels: ArrayLike
) -> tuple[UInt8[np.ndarray, "N H W C"], Integer[np.ndarray, " N"]]:
    """Returns images with an axis of channels, and their labels."""
    images, labels = np.asarray(images), np.asarray(labels)
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise InputError(
            f"{split} images are {images.dtype} {images.shape}; allowed: uint8 [N, H, W, C] or"
            " [N, H, W], with gray levels from 0 to 255"
        )
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise InputError(
            f"{split} labels are {labels.dtype} {labels.shape}; allowed: integers"
            f" [{len(images)}], one an image"
        )
    if labels.min(initial=0) < 0:
        raise InputError(f"{split} labels reach down to {labels.min()}; the least allowed is 0")
    return images[..., None] if images.ndim == 3 else images, labels.astype(np.int32)
