"""Scenes of garments, or of digits: gray images of 64 pixels with one to four objects in each.

They are made of Fashion-MNIST (Xiao et al. 2017), or of the embedded digits where that is not
installed: for quick studies of detectors, as no package ships real pictures with boxes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Integer, UInt8

from depthstudy.config import DataConfig
from depthstudy.data import objects
from depthstudy.data.source import Source
from depthstudy.data.sources import digits, fashion_mnist
from depthstudy.data.sources.detection import prepared as with_objects
from depthstudy.data.sources.tfds import prepared

_SIDE = 64
COUNTS = {"train": 2_000, "test": 400}
_MOST_OBJECTS = 4
_SIZES = (12.0, 32.0)  # least and greatest side of a picture; its logarithm is uniform
_BACKGROUND = 70  # brightest gray of the smooth noise behind
_COARSE = 8  # pixels along a side of what that noise is enlarged from
_VISIBLE = 32  # gray level from which on a pixel belongs to an object
_MOST_OVERLAP = 0.1  # of two boxes, as intersection over union
_TRIES = 30  # places that are tried for an object

Pictures = tuple[UInt8[np.ndarray, "_ h w"], Integer[np.ndarray, " N"]]


def open_source(config: DataConfig) -> Source:
    """Opens the set, prepared on first use: 2,000 scenes to train on and 400 to test on.

    ``source_dir`` may be a folder with the files of Fashion-MNIST; without it, and without Debian's
    package, the scenes show digits, and the set is called so.

    Raises:
      InputError: A file in ``source_dir`` is missing or damaged, or the set cannot be written.
    """
    garments = config.source_dir is not None or fashion_mnist.is_there()
    name, read = (
        fashion_mnist.named("fashion_scenes", config.source_dir)
        if garments
        else ("digit_scenes", _digits)
    )

    def prepare(folder: Path) -> None:
        pictures = read()
        names = fashion_mnist.CLASS_NAMES if garments else tuple("0123456789")
        splits = {name: _scenes(pictures, name) for name in COUNTS}
        with_objects.write_once(
            folder, names, (_SIDE, _SIDE, 1), splits, total=sum(COUNTS.values())
        )

    return prepared.open_prepared(name, config, prepare, title=name)


def _digits() -> dict[str, Pictures]:
    source = digits.open_source(DataConfig(name="digits"))
    parts = {name: source.split(name) for name in COUNTS}
    return {
        name: (
            np.stack([np.asarray(x)[..., 0] for x, _ in part.read(np.arange(len(part)))]),
            part.labels,
        )
        for name, part in parts.items()
    }


def _scenes(pictures: Mapping[str, Pictures], split: str) -> Iterator[with_objects.Example]:
    random = np.random.default_rng((0, list(COUNTS).index(split)))
    images, labels = pictures[split]
    for _ in range(COUNTS[split]):
        canvas, rows = scene(images, labels, random)
        yield _png(canvas), (_SIDE, _SIDE), rows


def scene(
    images: UInt8[np.ndarray, "N h w"],
    labels: Integer[np.ndarray, " N"],
    random: np.random.Generator,
) -> tuple[UInt8[np.ndarray, "H W"], objects.Rows]:
    """Returns a scene of pictures drawn at random, and its objects: the extent of what is visible.

    Args:
      images: Pictures on black.
      labels: Their classes.
      random: What it is drawn from.
    """
    noise = random.integers(0, _BACKGROUND, (_COARSE, _COARSE)).astype(np.uint8)
    canvas = _resized(noise, _SIDE)
    boxes: list[tuple[int, int, int, int]] = []
    classes: list[int] = []
    for _ in range(random.integers(1, _MOST_OBJECTS + 1)):
        chosen = int(random.integers(len(images)))
        side = round(float(np.exp(random.uniform(*np.log(_SIZES)))))
        picture = _resized(images[chosen], side)
        visible = np.argwhere(picture >= _VISIBLE)
        if not len(visible):
            continue
        low, high = visible.min(axis=0), visible.max(axis=0) + 1
        for _ in range(_TRIES):
            corner = random.integers(0, _SIDE - side + 1, 2)
            (top, left), (bottom, right) = (corner + low).tolist(), (corner + high).tolist()
            box = (top, left, bottom, right)
            if all(_overlap(box, other) <= _MOST_OVERLAP for other in boxes):
                part = canvas[corner[0] : corner[0] + side, corner[1] : corner[1] + side]
                np.maximum(part, picture, out=part)
                boxes.append(box)
                classes.append(int(labels[chosen]))
                break
    return canvas, objects.rows(boxes, classes)


def _overlap(box: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    height = max(0, min(box[2], other[2]) - max(box[0], other[0]))
    width = max(0, min(box[3], other[3]) - max(box[1], other[1]))
    areas = [(bottom - top) * (right - left) for top, left, bottom, right in (box, other)]
    return height * width / (sum(areas) - height * width)


def _resized(image: UInt8[np.ndarray, "H W"], side: int) -> UInt8[np.ndarray, "h w"]:
    from PIL import Image

    picture = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    return np.array(picture, np.uint8)


def _png(image: UInt8[np.ndarray, "H W"]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=1)
    return file.getvalue()
