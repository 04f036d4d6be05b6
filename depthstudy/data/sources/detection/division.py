"""Which images of a folder are trained on, validated on and tested on.

What the folder says holds as soon as it names a part to test on; a part to validate on is one where
it names none to test on. Only images that nothing divides are divided by seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from depthstudy.data import objects
from depthstudy.data.pipeline import order
from depthstudy.data.sources.detection.annotated import SPLITS, Problems

_TEST_SHARE = 0.2


class CheckedImage(NamedTuple):
    """An image that decodes, with boxes that can be learned from.

    Attributes:
      path: The file.
      name: Its path as seen from the folder.
      part: Its split, ``""`` where nothing says which.
      size: Height and width in pixels.
      rows: Its objects.
    """

    path: Path
    name: str
    part: str
    size: tuple[int, int]
    rows: objects.Rows


def divide(
    images: Sequence[CheckedImage], seed: int, problems: Problems
) -> dict[str, list[CheckedImage]]:
    """Returns the images to train, to validate and to test on; divided by seed where none says.

    Args:
      images: All images.
      seed: Seed of the division.
      problems: Problems so far; images of no split are added where others have one.
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
    shuffled = order.generator(seed, order.SUBSET, 1).permutation(len(images))
    tested = set(shuffled[: max(1, round(_TEST_SHARE * len(images)))].tolist())
    return {
        "train": [image for i, image in enumerate(images) if i not in tested],
        "test": [image for i, image in enumerate(images) if i in tested],
    }
