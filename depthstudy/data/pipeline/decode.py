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
CROP = "crop"


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
    from PIL import Image

    height, width, channels = shape
    if channels not in MODES:
        raise ValueError(f"{channels} channels; allowed: {', '.join(map(str, MODES))}")
    if isinstance(image, np.ndarray):
        picture = Image.fromarray(image[..., 0] if channels == 1 else image)
    else:
        with Image.open(io.BytesIO(image)) as file:
            picture = file.convert(MODES[channels])
    if center < 1:
        picture = center_crop(picture, height, width, center)
    elif picture.size != (width, height):
        picture = RESIZES[resize](picture, height, width)
    return np.asarray(picture, np.uint8).reshape(shape)


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
    "pad": pad,
    "squash": squash,
}
