"""A data set as the rest of the program sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

from depthstudy.data.pipeline.decode import CROP
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.preprocessing import Preprocessing
from depthstudy.data.source import DEEP_BITS, Source


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded set.

    Attributes:
      name: Name of the source, which names its content.
      image_shape: Height, width and channels of every image.
      num_classes: Number of classes.
      class_names: Names of the classes, in the order of their labels.
      mean: Mean of each channel over the train split, images scaled to [0, 1].
      std: Standard deviation of the same.
      seed: Seed of the order of examples.
      train: Split to train on: a subset where one is asked for, with noise in its labels.
      test: Split to test on, whole and with its true labels; read once, at the end of a run.
      validation: Split by which anything is chosen, with its true labels, if there is one.
      validation_split: Name of the split of the source that it is; ``None`` where it is held out of
        what is trained on.
      labeled: Whether labels are known; where they are not, they are all 0.
      resize: Name of the rule by which images got their shape; see ``decode.RESIZES``.
      center: Share of the shorter side that evaluation keeps.
      source: Where its images come from, if it was made of a source.
      task: What is learned of it: a key of ``tasks.TASKS``.
      max_objects: Objects of an image at most, where labels are objects (``data.objects``).
      own_train: From the seed of a run to the split that it trains on, where each has its own.
    """

    name: str
    image_shape: tuple[int, int, int]
    num_classes: int
    class_names: tuple[str, ...]
    mean: Float32[np.ndarray, " C"]
    std: Float32[np.ndarray, " C"]
    seed: int
    train: Split
    test: Split
    validation: Split | None = None
    validation_split: str | None = None
    labeled: bool = True
    resize: str = CROP
    center: float = 1.0
    source: Source | None = None
    task: str = "classification"
    max_objects: int = 0
    own_train: Callable[[int], Split] | None = None

    def of_run(self, seed: int) -> Dataset:
        """Returns what a run with this seed learns: the same, or with its own split to train on."""
        if self.own_train is None:
            return self
        return dataclasses.replace(self, train=self.own_train(seed), own_train=None)

    @property
    def called(self) -> str:
        """What messages call it."""
        return self.name if self.source is None else self.source.called

    @property
    def preprocessing(self) -> Preprocessing:
        """The steps from an image file to the input of a net, as plain values."""
        return Preprocessing(
            image_shape=self.image_shape,
            mean=tuple(self.mean.tolist()),
            std=tuple(self.std.tolist()),
            resize=self.resize,
            center=self.center,
            bits=DEEP_BITS if self.source is None else self.source.bits,
        )
