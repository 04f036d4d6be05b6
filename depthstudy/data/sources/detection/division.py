"""Which images of a folder are trained on, validated on and tested on.

What the folder says holds as soon as it names a part to test on; a part to validate on is one where
it names none to test on. Only images that nothing divides are divided by seed, and then files with
equal bytes are all on one side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from depthstudy.data import objects
from depthstudy.data.pipeline import order, subset
from depthstudy.data.sources.detection.annotated import SPLITS, Problems
from depthstudy.data.sources.folder.copies import PlacedImage
from depthstudy.data.sources.tfds.split_index import SplitIndex
from depthstudy.errors import InputError

_TEST_SHARE = 0.2


class CheckedImage(NamedTuple):
    """An image that decodes, with boxes that can be learned from.

    Attributes:
      path: The file.
      name: Its path as seen from the folder.
      part: Its split, ``""`` where nothing says which.
      size: Height and width in pixels.
      rows: Its objects.
      digest: Hash of the bytes of the file.
    """

    path: Path
    name: str
    part: str
    size: tuple[int, int]
    rows: objects.Rows
    digest: str


def divide(
    images: Sequence[CheckedImage], seed: int, problems: Problems
) -> dict[str, list[CheckedImage]]:
    """Returns the images to train, to validate and to test on; divided by seed where none says.

    Args:
      images: All images.
      seed: Seed of the division.
      problems: Problems so far; images of no split are added where others have one.

    Raises:
      InputError: The images to divide are copies of one another.
    """
    parts = {name: [image for image in images if image.part == name] for name in (*SPLITS, "")}
    rest = parts.pop("")
    if parts["test"] or (parts["validation"] and (parts["train"] or rest)):
        for image in rest:
            problems.add("images of no split, trained on", image.name)
        parts["train"] += rest
        if not parts["test"]:
            parts["test"] = parts.pop("validation")
        return {name: parts[name] for name in SPLITS if parts.get(name)}
    if not images:
        return {}
    tested = _held_out(images, seed)
    if len(images) > 1 and not any(tested):
        raise InputError(
            f"all {len(images)} images are copies of {images[0].path}, and cannot be divided; put"
            " some that differ into folders train and test"
        )
    return {
        "train": [image for image, test in zip(images, tested, strict=True) if not test],
        "test": [image for image, test in zip(images, tested, strict=True) if test],
    }


def _held_out(images: Sequence[CheckedImage], seed: int) -> list[bool]:
    """Returns which images are tested on: a fifth, rounded, at least one, and copies together."""
    shuffled = order.generator(seed, order.SUBSET, 1).permutation(len(images))
    one_class = np.zeros(len(images), np.int64)
    count = max(1, round(_TEST_SHARE * len(images)))
    return subset.choose(one_class, _groups(images), shuffled, lambda _: count).tolist()


def _groups(images: Sequence[CheckedImage]) -> Int[np.ndarray, " N"]:
    digests = [image.digest for image in images]
    return np.unique(digests, return_inverse=True)[1].reshape(-1)


def indexes(parts: Mapping[str, Sequence[CheckedImage]]) -> dict[str, SplitIndex]:
    """Returns for each part the class of the largest object of each image, and groups of copies."""
    groups = iter(_groups([image for of in parts.values() for image in of]).tolist())
    return {
        part: SplitIndex(
            np.array([objects.stratum(image.rows) for image in of], np.int32),
            np.array([next(groups) for _ in of], np.int64),
        )
        for part, of in parts.items()
    }


def placed(parts: Mapping[str, Sequence[CheckedImage]]) -> list[PlacedImage]:
    """Returns all images by name, as notes of copies need them; they have not one class."""
    return sorted(
        PlacedImage(image.name, part, 0, image.digest) for part, of in parts.items() for image in of
    )
