"""Sets of our own making: random pixels where only shapes matter, photographs as JPEG files."""

from __future__ import annotations

import io

import numpy as np

from depthstudy.data import ArrayExamples, Dataset
from depthstudy.data.pipeline.splits.in_memory import InMemorySplit
from depthstudy.data.pipeline.splits.reader import Reader

CLASSES = 10


def dataset(side: int, examples: int) -> Dataset:
    """Returns a set of ``examples`` RGB images, to train and to test on."""
    shape = (side, side, 3)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (examples, *shape), np.uint8)
    noise = ArrayExamples(images, random.integers(0, CLASSES, examples, np.int32))
    split = InMemorySplit(
        Reader.of_all(noise, name="noise", num_classes=CLASSES, image_shape=shape)
    )
    return Dataset(
        name="noise",
        image_shape=shape,
        num_classes=CLASSES,
        class_names=tuple("0123456789"),
        mean=np.full(3, 0.5, np.float32),
        std=np.full(3, 0.3, np.float32),
        seed=0,
        train=split,
        test=split,
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
