"""A set of random images in memory: what is timed depends on shapes, not on pictures."""

from __future__ import annotations

import numpy as np

from depthstudy.data import ArrayExamples, Dataset
from depthstudy.data.pipeline.in_memory import InMemorySplit
from depthstudy.data.pipeline.split import Reader

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
