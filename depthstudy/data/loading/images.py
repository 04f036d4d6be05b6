"""Images of no source as a data set, for a net that was trained elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from depthstudy.data.dataset import Dataset
from depthstudy.data.pipeline.splits.in_memory import InMemorySplit
from depthstudy.data.pipeline.splits.reader import Reader
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.sources.arrays import ArrayExamples
from depthstudy.data.sources.unlabeled import UnlabeledImage
from depthstudy.errors import InputError

Moments = tuple[tuple[float, ...], tuple[float, ...]]  # mean and deviation of each channel


def as_dataset(
    images: Sequence[UnlabeledImage],
    side: int,
    class_names: Sequence[str],
    mean_and_std: Moments,
    channels: int = 3,
) -> Dataset:
    """Returns images as a data set without labels, the same to train and to test on.

    Args:
      images: At least one.
      side: Height and width to which they are resized, in pixels.
      class_names: Names of the classes of a net that looks at them.
      mean_and_std: Mean and standard deviation of each channel that the net expects.
      channels: 3 of color images, or 1 of gray ones.

    Raises:
      InputError: There is no such number of channels.
    """
    if channels not in (1, 3):
        raise InputError(f"the net takes images of {channels} channels; allowed: 1, 3")
    shape = (side, side, channels)
    examples = ArrayExamples([image.encoded for image in images], np.zeros(len(images), np.int32))
    split = InMemorySplit(
        Reader.of_all(examples, name="images", num_classes=len(class_names), image_shape=shape)
    )
    mean, std = (np.array(values, np.float32) for values in mean_and_std)
    return Dataset(
        name="images",
        image_shape=shape,
        num_classes=len(class_names),
        class_names=tuple(class_names),
        mean=mean,
        std=std,
        seed=0,
        train=split,
        test=split,
        labeled=False,
    )


def with_labels(
    dataset: Dataset, images: Sequence[UnlabeledImage], labels: Sequence[int]
) -> Dataset:
    """Returns a data set of ``as_dataset`` with labels, every other image of a class to test on.

    Args:
      dataset: The images without labels.
      images: The images.
      labels: Their classes, counted from 0.
    """
    given = np.asarray(labels, np.int32)
    order = np.argsort(given, kind="stable")
    names = dataset.class_names
    if max(labels) >= len(names):  # of a net without a head
        names = tuple(str(number) for number in range(max(labels) + 1))

    def half(start: int) -> Split:
        rows = np.sort(order[start::2])
        examples = ArrayExamples([images[row].encoded for row in rows], given[rows])
        shape, count = dataset.image_shape, len(names)
        return InMemorySplit(
            Reader.of_all(examples, name=dataset.name, num_classes=count, image_shape=shape)
        )

    return dataclasses.replace(
        dataset,
        num_classes=len(names),
        class_names=names,
        train=half(0),
        test=half(1),
        labeled=True,
    )
