"""The random resized crop of the ImageNet recipe, cut from the image file itself.

Szegedy et al. 2015 (arXiv 1409.4842), drawn as torchvision's ``RandomResizedCrop`` draws it: a box
whose area and aspect ratio are random, tried ten times until it lies in the image. A JPEG is
decoded at the least scale at which the box has no fewer pixels than are wanted.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, UInt8

from depthstudy.data.pipeline import fast_jpeg, order
from depthstudy.data.pipeline.decode import MODES
from depthstudy.data.source import RawImage

if TYPE_CHECKING:
    from PIL import Image

Draws = Float64[np.ndarray, "B 10 4"]  # for each try: area, aspect ratio, top and left, in [0, 1)
Box = tuple[int, int, int, int]  # top, left, height and width in pixels

_MARGIN = 1.3  # times as many pixels as are wanted, so that antialiasing decides, not the decoder
_TRIES = 10
_ASPECTS = (3 / 4, 4 / 3)  # width to height


def draws_at(seed: int, runs: tuple[int, ...], batch_size: int, step: int) -> Draws:
    """Returns the random numbers of the crops of a step, those of each run after the other."""
    parts = [
        order.generator(seed, order.CROP, run, step).random((batch_size, _TRIES, 4)) for run in runs
    ]
    return np.concatenate(parts)


def random_box(
    height: int, width: int, draws: Float64[np.ndarray, "10 4"], least_area: float
) -> Box:
    """Returns the box of a random crop: the first of ten tries that lies in the image.

    Where none does, it is the largest in the center whose aspect ratio is allowed.

    >>> random_box(100, 100, np.full((10, 4), 0.5), 0.25)
    (11, 11, 79, 79)

    Args:
      height: Of the image.
      width: Of the image.
      draws: Random numbers in [0, 1).
      least_area: Least share of the image's area.
    """
    low, high = map(math.log, _ASPECTS)
    for area_draw, aspect_draw, top_draw, left_draw in draws.tolist():
        area = height * width * (least_area + (1 - least_area) * area_draw)
        aspect = math.exp(low + (high - low) * aspect_draw)
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            top, left = int(top_draw * (height - h + 1)), int(left_draw * (width - w + 1))
            return top, left, h, w
    w, h = width, height
    if width / height < _ASPECTS[0]:
        h = round(width / _ASPECTS[0])
    elif width / height > _ASPECTS[1]:
        w = round(height * _ASPECTS[1])
    return (height - h) // 2, (width - w) // 2, h, w


def cropped(
    image: RawImage,
    shape: tuple[int, int, int],
    draws: Float64[np.ndarray, "10 4"],
    least_area: float,
) -> UInt8[np.ndarray, "H W C"]:
    """Returns a random crop of an image, resized to ``shape``, bilinear and antialiased."""
    from PIL import Image

    if isinstance(image, np.ndarray):
        box = random_box(image.shape[0], image.shape[1], draws, least_area)
        return _resized(Image.fromarray(image[..., 0] if shape[2] == 1 else image), box, shape)
    size = fast_jpeg.size(image) if shape[2] in (1, 3) else None
    if size is not None:
        box = random_box(*size, draws, least_area)
        factor = _factor(box, shape)
        pixels = fast_jpeg.decode(image, size, factor, gray=shape[2] == 1)
        return _resized_pixels(pixels, box, pixels.shape[1] / size[1], shape)
    with Image.open(io.BytesIO(image)) as file:
        width, height = file.size
        box = random_box(height, width, draws, least_area)
        factor = _factor(box, shape)
        if factor > 1:
            file.draft(MODES[shape[2]], (width // factor, height // factor))
        return _resized(file, box, shape, file.width / width)


def _factor(box: Box, shape: tuple[int, int, int]) -> int:
    """Returns by what an image may be scaled down while it is decoded."""
    return max(1, int(min(box[2] / shape[0], box[3] / shape[1]) / _MARGIN))


def _resized_pixels(
    pixels: UInt8[np.ndarray, "h w c"], box: Box, scale: float, shape: tuple[int, int, int]
) -> UInt8[np.ndarray, "H W C"]:
    """Resizes a box of pixels, of which no more than the box becomes an image of PIL's."""
    from PIL import Image

    top, left, h, w = box
    if scale == 1:
        pixels, box = pixels[top : top + h, left : left + w], (0, 0, h, w)
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if shape[2] == 1 else pixels))
    return _resized(picture, box, shape, scale)


def _resized(
    image: Image.Image, box: Box, shape: tuple[int, int, int], scale: float = 1.0
) -> UInt8[np.ndarray, "H W C"]:
    """Returns a box, in pixels of the whole image, of one that was decoded at a scale."""
    from PIL.Image import Resampling

    top, left, h, w = box
    height, width, channels = shape
    picture = image if image.mode == MODES[channels] else image.convert(MODES[channels])
    if scale == 1:
        if picture.size != (w, h):
            picture = picture.crop((left, top, left + w, top + h))
        picture = picture.resize((width, height), Resampling.BILINEAR)
    else:
        right, bottom = scale * (left + w), scale * (top + h)
        inside = (
            scale * left,
            scale * top,
            min(right, picture.width),
            min(bottom, picture.height),
        )
        picture = picture.resize((width, height), Resampling.BILINEAR, box=inside)
    return np.asarray(picture, np.uint8).reshape(shape)
