"""From the bytes of an image file to an array of the size that the net expects."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import UInt8

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def decode(encoded: bytes, shape: tuple[int, int, int]) -> UInt8[np.ndarray, "H W C"]:
    """Decodes an image to ``shape``; an image of another size is resized and cropped.

    The image is scaled, bilinear and with antialiasing, until it just covers the wanted size, and
    its center is kept: no image is distorted, and a square one loses nothing.

    Args:
      encoded: PNG, JPEG or any other file that PIL reads, of any mode.
      shape: Height, width and channels wanted; 1 channel is gray, 3 are RGB, 4 are RGBA.

    Raises:
      ValueError: The number of channels is none of these.
      OSError: The bytes are no image.
    """
    from PIL import Image

    height, width, channels = shape
    if channels not in _MODES:
        raise ValueError(f"{channels} channels; allowed: {', '.join(map(str, _MODES))}")
    with Image.open(io.BytesIO(encoded)) as file:
        image = file.convert(_MODES[channels])
    if image.size != (width, height):
        scale = min(image.width / width, image.height / height)
        left = (image.width - scale * width) / 2
        top = (image.height - scale * height) / 2
        box = (left, top, left + scale * width, top + scale * height)
        image = image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    return np.asarray(image, np.uint8).reshape(shape)
