"""A data set as the rest of the program sees it, and the one-time load."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float32
from numpy.typing import ArrayLike

from depthstudy.config import DataConfig
from depthstudy.data.pipeline.decode import CROP, MODES
from depthstudy.data.pipeline.in_memory import InMemorySplit
from depthstudy.data.pipeline.split import ObjectReader, Reader, Split
from depthstudy.data.pipeline.streamed import StreamedSplit
from depthstudy.data.preprocessing import Preprocessing, moments
from depthstudy.data.selection import own_subset, select
from depthstudy.data.source import Source
from depthstudy.data.sources import registry
from depthstudy.data.sources.arrays import ArrayExamples, array_source
from depthstudy.data.sources.unlabeled import UnlabeledImage
from depthstudy.errors import InputError

IN_MEMORY_BYTES = 2**30  # decoded sets up to this size are kept in memory

Moments = tuple[tuple[float, ...], tuple[float, ...]]


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
        )


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
    source = registry.open_source(config)
    if not source.labeled:
        raise InputError(f"{source.called} has no labels, which training needs")
    return from_source(source, config)


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
