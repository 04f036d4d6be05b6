"""Pictures of test images that nets get wrong, for the page."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image

from depthstudy import store
from depthstudy.data import Split

_SIDE = 96  # pixels of the longer side, at most


def write(folder: Path, split: Split, places: Collection[int]) -> None:
    """Writes images of a split as ``PLACE.png``, no larger than they have to be.

    Images of another number of channels than 1, 3 or 4 are shown by their first channel.

    Args:
      folder: Where to.
      split: The test split.
      places: Which of its images.
    """
    chosen = sorted(set(places))
    if not chosen:
        return
    images = split.read(np.array(chosen)).images
    for place, pixels in zip(chosen, images, strict=True):
        shown = pixels if pixels.shape[-1] in (3, 4) else pixels[..., 0]
        image = Image.fromarray(shown)
        image.thumbnail((_SIDE, _SIDE))
        file = io.BytesIO()
        image.save(file, "PNG")
        store.write_bytes(folder / f"{place}.png", file.getvalue())
