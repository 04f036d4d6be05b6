"""Images that are copies of others, byte for byte: what a person should know of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from depthstudy.errors import first_names

_PARTS = ("train", "validation", "test")


class PlacedImage(NamedTuple):
    """An image of a set.

    Attributes:
      name: What a note calls it.
      part: The part that it is in: train, validation or test.
      label: Its class, or any number where it has not one class.
      digest: Hash of its bytes.
    """

    name: str
    part: str
    label: int
    digest: str


def notes(images: Sequence[PlacedImage]) -> Iterator[str]:
    """Yields what copies there are: between two parts, between classes, and any.

    Args:
      images: All images of a set, in the order in which copies are named.
    """
    alike: dict[str, list[PlacedImage]] = {}
    for image in images:
        alike.setdefault(image.digest, []).append(image)
    groups = [group for group in alike.values() if len(group) > 1]
    across: list[str] = []
    for one, other in itertools.combinations(_PARTS, 2):
        within = ([image for image in group if image.part in (one, other)] for group in groups)
        across += _differing(within, lambda image: image.part, f"in {one} and in {other}")
    yield from across
    yield from _differing(groups, lambda image: image.label, "in two classes")
    copies = sum(len(group) - 1 for group in groups)
    divided = ", and all of an image are on one side" if copies and not across else ""
    yield (
        f"{copies:,} of {len(images):,} images are copies of others, byte for byte{divided}; images"
        " that are merely alike (resized, saved again, frames of one film) are not looked for"
    )


def _differing(
    groups: Iterable[Sequence[PlacedImage]], value: Callable[[PlacedImage], object], where: str
) -> Iterator[str]:
    """Yields a note of the groups whose images differ in a value, if there are such."""
    pairs = []
    for group in groups:
        others = [image for image in group if value(image) != value(group[0])]
        if others:
            pairs.append(f"{group[0].name} = {others[0].name}")
    if pairs:
        images = "1 image is" if len(pairs) == 1 else f"{len(pairs):,} images are"
        yield f"{images}, byte for byte, {where}: {first_names(pairs)}"
