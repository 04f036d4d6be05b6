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
    image: RawImage, shape: tuple[int, int, int], resize: str = CROP, center: float = 1.0
) -> UInt8[np.ndarray, "H W C"]:
    """Turns an image into an array of ``shape``; an image of another size is resized.

    Args:
      image: PNG, JPEG or any other file that PIL reads, of any mode; or its pixels, with as many
        channels as are wanted.
      shape: Height, width and channels wanted; 1 channel is gray, 3 are RGB, 4 are RGBA.
      resize: Name of the rule of resizing, a key of ``RESIZES``.
      center: Share of the shorter side that the rule ``"crop"`` keeps.

    Raises:
      ValueError: The number of channels is none of these.
      OSError: The bytes are no image.
    """
    if isinstance(image, np.ndarray) and image.shape == shape and center == 1:
        return image
    height, width, channels = shape
    picture = _picture(image, channels)
    if center < 1:
        picture = center_crop(picture, height, width, center)
    elif picture.size != (width, height):
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
    left = max(0.0, (image.width - scale * width) / 2)  # a side may round to above itself
    top = max(0.0, (image.height - scale * height) / 2)
    right = min(left + scale * width, image.width)
    bottom = min(top + scale * height, image.height)
    box = (left, top, right, bottom)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)


def center_crop(image: Image.Image, height: int, width: int, center: float) -> Image.Image:
    """Keeps a share of the shorter side: the evaluation of ImageNet, with 0.875 of it.

    The shorter side is resized to ``side / center`` and the center cut out, in whole pixels as
    torchvision's ``Resize`` and ``CenterCrop`` count them; both at once, from the image itself.
    """
    from PIL import Image

    shorter = round(min(height, width) / center)
    scale = min(image.size) / shorter
    resized = [max(shorter, int(side / scale)) for side in image.size]
    left, top = round((resized[0] - width) / 2), round((resized[1] - height) / 2)
    across, down = image.width / resized[0], image.height / resized[1]
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return image.resize((width, height), Image.Resampling.BILINEAR, box=box)


def pad(image: Image.Image, height: int, width: int) -> Image.Image:
    """Scales an image until it just fits into ``height`` x ``width``, in the middle of black."""
    from PIL import Image

    scale = min(width / image.width, height / image.height)
    size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    whole = Image.new(image.mode, (width, height))
    scaled = image.resize(size, Image.Resampling.BILINEAR)
    whole.paste(scaled, ((width - size[0]) // 2, (height - size[1]) // 2))
    return whole


def squash(image: Image.Image, height: int, width: int) -> Image.Image:
    """Scales an image to ``height`` x ``width``, each axis by itself: nothing is lost but shape."""
    from PIL import Image

    return image.resize((width, height), Image.Resampling.BILINEAR)


# The names are stored with every checkpoint: a rule that comes to do something else is a new name.
RESIZES: Mapping[str, Callable[[Image.Image, int, int], Image.Image]] = {
    CROP: crop,
    FIT: fit,
    "pad": pad,
    "squash": squash,
}
