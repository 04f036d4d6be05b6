"""The one-time load of a data set, from a config or from arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from depthstudy.config import DataConfig
from depthstudy.data.dataset import Dataset
from depthstudy.data.loading.selection import own_subset, select, with_own_validation
from depthstudy.data.pipeline.decode import CROP, MODES
from depthstudy.data.pipeline.splits.in_memory import InMemorySplit
from depthstudy.data.pipeline.splits.reader import ObjectReader, Reader
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.pipeline.splits.streamed import StreamedSplit
from depthstudy.data.preprocessing import moments
from depthstudy.data.source import Source
from depthstudy.data.sources import registry
from depthstudy.data.sources.arrays import array_source
from depthstudy.errors import InputError

IN_MEMORY_BYTES = 2**30  # decoded sets up to this size are kept in memory


def load(config: DataConfig) -> Dataset:
    """Opens a set, and prepares it first where it is a folder of images or Fashion-MNIST.

    >>> from depthstudy import data
    >>> from depthstudy.config import DataConfig
    >>> digits = data.load(DataConfig(name="digits"))
    >>> digits.image_shape, digits.num_classes, len(digits.train), len(digits.test)
    ((8, 8, 1), 10, 1151, 359)

    Raises:
      InputError: The set is not there, or cannot be what ``config`` asks for.
    """
    return from_source(open_labeled(config), config)


def open_labeled(config: DataConfig, expected: str | None = None) -> Source:
    """Opens a source of images with labels.

    Args:
      config: What is asked for.
      expected: Name of the set that it has to be, where that is known.

    Raises:
      InputError: The set is not there, is another one, or has no labels.
    """
    source = registry.open_source(config, expected)
    if not source.labeled:
        raise InputError(f"{source.called} has no labels, which training needs")
    return source


def from_arrays(
    train_images: ArrayLike,
    train_labels: ArrayLike,
    test_images: ArrayLike,
    test_labels: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    validation: float = 0.0,
    seed: int = 0,
) -> Dataset:
    """Returns arrays as a data set.

    >>> import numpy as np
    >>> from depthstudy import data
    >>> images = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4, 1)
    >>> labels = np.array([0, 1, 0, 1, 0, 1])
    >>> dataset = data.from_arrays(
    ...     images[:4], labels[:4], images[4:], labels[4:], class_names=("cat", "dog")
    ... )
    >>> dataset.image_shape, len(dataset.train), dataset.test.class_counts.tolist()
    ((4, 4, 1), 4, [1, 1])

    Args:
      train_images: Images to train on, ``[N, H, W, C]`` or, gray, ``[N, H, W]``, of type uint8.
      train_labels: Their classes, ``[N]``, integers from 0.
      test_images: Images to test on, of the same height, width and channels.
      test_labels: Their classes.
      class_names: Names of the classes, in the order of their labels; ``None`` names them by
        number, up to the greatest label.
      validation: Share of the images to train on that is held out, to choose by.
      seed: Seed of that share and of the order of examples.

    Raises:
      InputError: An array has another type or shape, or a label names no class.
    """
    splits = {"train": (train_images, train_labels), "test": (test_images, test_labels)}
    source = array_source(splits, class_names=class_names)
    return from_source(
        source, DataConfig(name=source.name, validation=validation, seed=seed, workers=0)
    )


def from_source(source: Source, config: DataConfig) -> Dataset:
    """Returns the data set that ``config`` makes of a source: its splits, size, subset and noise.

    Raises:
      InputError: The source cannot be what ``config`` asks for.
    """
    if config.fit != CROP and config.eval_center < 1:
        raise InputError(
            f"data.eval_center={config.eval_center} crops, and data.fit={config.fit!r} does not;"
            " allowed with it: 1"
        )
    config = with_own_validation(source, config)
    shape = _image_shape(source, config.image_size)
    count = _count(source, config)
    in_memory = not is_streamed(config, count, shape)
    train, validation, test = chosen = select(source, config, shape, in_memory=in_memory)

    def open_split(reader: Reader, crop_area: float = 1.0) -> Split:
        if in_memory:
            return InMemorySplit(reader)
        if isinstance(reader, ObjectReader):  # whose objects move with the image in the step
            crop_area = 1.0
        return StreamedSplit(reader, config.workers, crop_area)

    def own_train(seed: int) -> Split:
        return open_split(own_subset(source, config, chosen, seed), config.crop_area)

    train_split = open_split(train, config.crop_area)
    mean, std = moments(train_split)
    return Dataset(
        name=source.name,
        image_shape=shape,
        num_classes=source.num_classes,
        class_names=source.class_names,
        task=source.task,
        max_objects=train.max_objects if isinstance(train, ObjectReader) else 0,
        mean=mean,
        std=std,
        seed=config.seed,
        train=train_split,
        test=open_split(test),
        validation=None if validation is None else open_split(validation),
        validation_split=config.validation_split,
        resize=train.resize,
        center=config.eval_center,
        source=source,
        own_train=own_train if config.own_subset else None,
    )


def is_streamed(config: DataConfig, count: int, image_shape: tuple[int, int, int]) -> bool:
    """Returns whether a set of so many images is read from disk while nets are trained."""
    if config.stream is not None:
        return config.stream
    return count * int(np.prod(image_shape)) > IN_MEMORY_BYTES


def _count(source: Source, config: DataConfig) -> int:
    """Returns how many images of a source are used, for training or for tests."""
    train = len(source.split(config.train_split))
    return min(train, config.train_examples or train) + len(source.split(config.test_split))


def _image_shape(source: Source, image_size: int | None) -> tuple[int, int, int]:
    height, width, channels = source.image_shape
    if height is None or width is None:
        if image_size is None:
            raise InputError(
                f"images of {source.called} vary in size; set data.image_size to a number"
            )
        height = width = image_size
    shape = (image_size or height, image_size or width, channels)
    if shape != source.image_shape and channels not in MODES:
        raise InputError(
            f"images of {source.called} have {channels} channels and cannot be resized; allowed:"
            f" {', '.join(map(str, MODES))}, or no data.image_size"
        )
    return shape
