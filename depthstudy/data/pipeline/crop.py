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

from depthstudy.data.pipeline import fast_jpeg, fast_resize, order
from depthstudy.data.pipeline.decode import MODES
from depthstudy.data.source import RawImage

if TYPE_CHECKING:
    from PIL import Image

Draws = Float64[np.ndarray, "B 10 4"]  # for each try: area, aspect ratio, top and left, in [0, 1)
Box = tuple[int, int, int, int]  # top, left, height and width in pixels

_MARGIN = 1.3  # times as many pixels as are wanted, so that antialiasing decides, not the decoder
_TRIES = 10
ASPECTS = (3 / 4, 4 / 3)  # width to height


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
    low, high = map(math.log, ASPECTS)
    for area_draw, aspect_draw, top_draw, left_draw in draws.tolist():
        area = height * width * (least_area + (1 - least_area) * area_draw)
        aspect = math.exp(low + (high - low) * aspect_draw)
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            top, left = int(top_draw * (height - h + 1)), int(left_draw * (width - w + 1))
            return top, left, h, w
    w, h = width, height
    if width / height < ASPECTS[0]:
        h = round(width / ASPECTS[0])
    elif width / height > ASPECTS[1]:
        w = round(height * ASPECTS[1])
    return (height - h) // 2, (width - w) // 2, h, w


class RandomCrop:
    """Cuts random crops from images one after the other, bilinear and antialiased.

    Not for several threads at once: it keeps its memory from one image to the next.
    """

    def __init__(self, shape: tuple[int, int, int], least_area: float) -> None:
        """Cuts crops that are resized to ``shape``, of at least a share of the image's area."""
        self._shape, self._least_area = shape, least_area
        self._decoder = fast_jpeg.decoder(shape[2])
        self._resizer = fast_resize.resizer(shape)

    def __call__(
        self, image: RawImage, draws: Float64[np.ndarray, "10 4"]
    ) -> UInt8[np.ndarray, "H W C"]:
        """Returns the crop of an image that these random numbers draw."""
        from PIL import Image

        if isinstance(image, np.ndarray):
            box = random_box(image.shape[0], image.shape[1], draws, self._least_area)
            return self._resized(image, box)
        if self._decoder is not None and (size := self._decoder.size(image)) is not None:
            box = random_box(*size, draws, self._least_area)
            pixels = self._decoder.decode(image, size, _factor(box, self._shape))
            return self._resized(pixels, box, pixels.shape[1] / size[1])
        with Image.open(io.BytesIO(image)) as file:
            width, height = file.size
            box = random_box(height, width, draws, self._least_area)
            mode, factor = MODES[self._shape[2]], _factor(box, self._shape)
            if factor > 1:
                file.draft(mode, (width // factor, height // factor))
            picture = file if file.mode == mode else file.convert(mode)
            whole, inside = _scaled(box, picture.size, picture.width / width)
            return self._by_pil(picture.crop(whole), inside)

    def _resized(
        self, pixels: UInt8[np.ndarray, "h w c"], box: Box, scale: float = 1.0
    ) -> UInt8[np.ndarray, "H W C"]:
        """Returns a box, in pixels of the whole image, of one that was decoded at a scale."""
        from PIL import Image

        (left, top, right, bottom), inside = _scaled(box, pixels.shape[1::-1], scale)
        pixels = pixels[top:bottom, left:right]
        if self._resizer is not None:
            return self._resizer.resize(pixels, inside)
        pixels = np.ascontiguousarray(pixels[..., 0] if self._shape[2] == 1 else pixels)
        return self._by_pil(Image.fromarray(pixels), inside)

    def _by_pil(
        self, picture: Image.Image, inside: tuple[float, float, float, float]
    ) -> UInt8[np.ndarray, "H W C"]:
        from PIL.Image import Resampling

        height, width, _ = self._shape
        picture = picture.resize((width, height), Resampling.BILINEAR, box=inside)
        return np.asarray(picture, np.uint8).reshape(self._shape)


def _factor(box: Box, shape: tuple[int, int, int]) -> int:
    """Returns by what an image is scaled down while it is decoded: 1, 2, 4 or 8.

    Libraries can do 3/8 and 5/8 as well, but take longer for that than for 1/2 and the whole.
    """
    most = int(min(box[2] / shape[0], box[3] / shape[1]) / _MARGIN)
    return max(factor for factor in (1, 2, 4, 8) if factor <= max(1, most))


def _scaled(
    box: Box, size: tuple[int, ...], scale: float
) -> tuple[tuple[int, int, int, int], tuple[float, float, float, float]]:
    """Returns where a box lies in an image of another scale: its whole pixels, and it in these.

    Both are left, top, right and bottom. What is around the whole pixels has no part in a crop, as
    it has none in torchvision's.

    Args:
      box: In pixels of the image.
      size: Width and height of the image at that scale.
      scale: Of the other image to the image.
    """
    top, left, height, width = box
    right = min(scale * (left + width), float(size[0]))
    bottom = min(scale * (top + height), float(size[1]))
    x, y = math.floor(scale * left), math.floor(scale * top)
    inside = (scale * left - x, scale * top - y, right - x, bottom - y)
    return (x, y, math.ceil(right), math.ceil(bottom)), inside
