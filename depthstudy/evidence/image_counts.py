"""On how many images errors are counted, which is what half an image is worth."""

from __future__ import annotations

from collections.abc import Mapping

# By error: the number of images that it is counted on; by variant where they may differ.
ImageCounts = Mapping[str, int | Mapping[str, int]]


def image_count(images: ImageCounts | None, error: str, variant: str) -> int | None:
    """Returns on how many images an error of a variant is counted; ``None`` where not known.

    >>> image_count({"test_error": 360, "train_error": {"a": 100}}, "test_error", "a")
    360
    >>> image_count({"test_error": 360, "train_error": {"a": 100}}, "train_error", "b")
    """
    count = (images or {}).get(error)
    return count.get(variant) if isinstance(count, Mapping) else count
