"""Sets of our own making: random pixels where only shapes matter, photographs as JPEG files."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from depthstudy.data import ArrayExamples, Dataset, objects
from depthstudy.data.pipeline.splits.in_memory import InMemorySplit
from depthstudy.data.pipeline.splits.reader import ObjectReader, Reader
from depthstudy.data.source import ObjectExamples, RawImage

CLASSES = 10
OBJECTS = 8


def dataset(side: int, examples: int) -> Dataset:
    """Returns a set of ``examples`` RGB images, to train and to test on."""
    labels = np.random.default_rng(1).integers(0, CLASSES, examples, np.int32)
    noise = ArrayExamples(_noise(side, examples), labels)
    return _set(Reader.of_all(noise, **_fields(side)))


def scenes(side: int, examples: int) -> Dataset:
    """Returns the same with 1 to ``OBJECTS`` objects in each image, of a tenth of it at the least.

    They are where nothing is to be seen: what a step costs does not depend on the pixels.
    """
    random, pixels = np.random.default_rng(1), _noise(side, examples)
    labels = []
    for _ in range(examples):
        count = random.integers(1, OBJECTS + 1)
        sides = side * random.uniform(0.1, 0.7, (count, 2))
        corners = random.uniform(0, side - sides)
        boxes = np.concatenate([corners, corners + sides], axis=1)
        labels.append(objects.rows(boxes, random.integers(0, CLASSES, count)))
    reader = ObjectReader.of_all(_Scenes(pixels, labels), max_objects=OBJECTS, **_fields(side))
    return dataclasses.replace(_set(reader), task="detection", max_objects=OBJECTS)


class _Scenes(ObjectExamples):
    max_objects = OBJECTS

    def __init__(self, pixels: UInt8[np.ndarray, "N H W 3"], labels: list[objects.Rows]) -> None:
        self._pixels, self._objects = pixels, labels

    def __len__(self) -> int:
        return len(self._pixels)

    def read(self, rows: Int[np.ndarray, " n"]) -> list[tuple[RawImage, Any]]:
        return [(self._pixels[row], self._objects[row]) for row in rows]


def _noise(side: int, examples: int) -> UInt8[np.ndarray, "N H W 3"]:
    return np.random.default_rng(0).integers(0, 256, (examples, side, side, 3), np.uint8)


def _fields(side: int) -> dict[str, Any]:
    return {"name": "noise", "num_classes": CLASSES, "image_shape": (side, side, 3)}


def _set(reader: Reader) -> Dataset:
    split = InMemorySplit(reader)
    return Dataset(
        class_names=tuple("0123456789"),
        mean=np.full(3, 0.5, np.float32),
        std=np.full(3, 0.3, np.float32),
        seed=0,
        train=split,
        test=split,
        name=reader.name,
        num_classes=reader.num_classes,
        image_shape=reader.image_shape,
    )


def jpegs(count: int, *, width: int = 500, height: int = 375, quality: int = 90) -> list[bytes]:
    """Returns parts of scikit-learn's photographs as JPEG files, enlarged to about ImageNet's size.

    Args:
      count: How many, all of them different.
      width: In pixels.
      height: In pixels.
      quality: Of the compression.
    """
    from PIL import Image
    from sklearn.datasets import load_sample_images

    random, files = np.random.default_rng(0), []
    photographs = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    for number in range(count):
        photograph = photographs[number % len(photographs)]
        side = random.uniform(0.6, 1.0)
        w, h = round(side * photograph.width), round(side * photograph.width * height / width)
        h = min(h, photograph.height)
        left = int(random.integers(photograph.width - w + 1))
        top = int(random.integers(photograph.height - h + 1))
        part = photograph.crop((left, top, left + w, top + h))
        file = io.BytesIO()
        part.resize((width, height), Image.Resampling.LANCZOS).save(file, "JPEG", quality=quality)
        files.append(file.getvalue())
    return files
