"""A set of random images in memory: what is timed depends on shapes, not on pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Int

from depthstudy.data import Dataset
from depthstudy.data.pipeline.in_memory import InMemorySplit
from depthstudy.data.pipeline.split import HostBatch, Reader
from depthstudy.data.sources.tfds_reader import Examples

CLASSES = 10


@dataclasses.dataclass(frozen=True, eq=False)
class _Noise(Reader):
    def read_many(self, indices: Int[np.ndarray, " B"], description: str) -> HostBatch:
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (len(indices), *self.image_shape), np.uint8)
        return HostBatch(images, random.integers(0, CLASSES, len(indices), np.int32))


def dataset(side: int, examples: int) -> Dataset:
    """Returns a set of ``examples`` RGB images, to train and to test on."""
    shape = (side, side, 3)
    nothing = Examples([], "image", "label")
    rows = np.arange(examples)
    split = InMemorySplit(
        _Noise(nothing, rows, np.zeros(examples, np.int32), CLASSES, shape), "noise"
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
