"""From an image file, or pixels, to an array of the size that the net expects."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from depthstudy.data.source import RawImage

if TYPE_CHECKING:
    from PIL import Image

MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # PIL's name for images of so many channels
CROP, FIT = "crop", "fit"
_PADDING: Mapping[int, int | tuple[int, ...]] = {
    1: 116,
    3: (124, 116, 104),
    4: (124, 116, 104, 255),
}  # ImageNet's mean, by channels


def decode(
    image: RawImage, shape: tuple[int, int, int], resize: str = CROP
) -> UInt8[np.ndarray, "H W C"]:
    """Turns an image into an array of ``shape``; an image of another size is resized.

    Args:
      image: PNG, JPEG or any other file that PIL reads, of any mode; or its pixels, with as many
        channels as are wanted.
      shape: Height, width and channels wanted; 1 channel is gray, 3 are RGB, 4 are RGBA.
      resize: Name of the rule of resizing, a key of ``RESIZES``.

    Raises:
      ValueError: The number of channels is none of these.
      OSError: The bytes are no image.
    """
    if isinstance(image, np.ndarray) and image.shape == shape:
        return image
    height, width, channels = shape
    picture = _picture(image, channels)
    if picture.size != (width, height):
        picture = RESIZES[resize](picture, height, width)
    return np.asarray(picture, np.uint8).reshape(shape)


def decode_fitted(
    image: RawImage, shape: tuple[int, int, int]
) -> tuple[UInt8[np.ndarray, "H W C"], tuple[float, float]]:
    """Decodes an image by the rule ``"fit"``, and tells by what its height and width are scaled."""
    height, width, channels = shape
    picture = _picture(image, channels)
    inner = fitted_size(picture.size[::-1], (height, width))
    factors = inner[0] / picture.height, inner[1] / picture.width
    return decode(image, shape, FIT), factors


def _picture(image: RawImage, channels: int) -> Image.Image:
    from PIL import Image

    if channels not in MODES:
        raise ValueError(f"{channels} channels; allowed: {', '.join(map(str, MODES))}")
    if isinstance(image, np.ndarray):
        return Image.fromarray(image[..., 0] if channels == 1 else image)
    with Image.open(io.BytesIO(image)) as file:
        return file.convert(MODES[channels])


def fitted_size(size: tuple[int, int], within: tuple[int, int]) -> tuple[int, int]:
    """Returns the largest height and width of the same proportions.

    >>> fitted_size((480, 640), (512, 512))
    (384, 512)
    """
    scale = min(whole / side for side, whole in zip(size, within, strict=True))
    height, width = (
        max(1, min(round(side * scale), whole)) for side, whole in zip(size, within, strict=True)
    )
    return height, width


def fit(image: Image.Image, height: int, width: int) -> Image.Image:
    """Scales an image until it just fits in, and pads it at bottom and right.

    Bilinear and antialiased; the padding has ImageNet's mean color.
    """
    from PIL import Image

    inner = fitted_size((image.height, image.width), (height, width))
    scaled = image.resize(inner[::-1], Image.Resampling.BILINEAR)
    padded = Image.new(image.mode, (width, height), _PADDING[len(image.getbands())])
    padded.paste(scaled, (0, 0))
    return padded


def crop(image: Image.Image, height: int, width: int) -> Image.Image:
    """Scales an image until it just covers ``height`` x ``width``, and keeps its center.

    Bilinear and antialiased. No image is distorted, and one of the wanted proportions loses
    nothing.
    """
    from PIL import Image

    scale = min(image.width / width, image.height / height)
    left = (image.width - scale * width) / 2
    top = (image.height - scale * height) / 2
    box = (left, top, left + scale * width, top + scale * height)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)


# The names are stored with every checkpoint: a rule that comes to do something else is a new name.
RESIZES: Mapping[str, Callable[[Image.Image, int, int], Image.Image]] = {CROP: crop, FIT: fit}
