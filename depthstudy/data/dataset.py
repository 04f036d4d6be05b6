"""A data set as the rest of the program sees it, and the one-time load."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float32

from depthstudy.config import DataConfig
from depthstudy.data.pipeline import subset
from depthstudy.data.pipeline.decode import CROP
from depthstudy.data.pipeline.in_memory import InMemorySplit
from depthstudy.data.pipeline.order import evenly_spaced
from depthstudy.data.pipeline.split import Reader, Split
from depthstudy.data.pipeline.streamed import StreamedSplit
from depthstudy.data.preprocessing import Preprocessing
from depthstudy.data.sources import registry
from depthstudy.data.sources.tfds_reader import Examples, Source
from depthstudy.errors import InputError

IN_MEMORY_BYTES = 2**30  # decoded sets up to this size are held
_MOMENT_EXAMPLES = 10_000
_CHUNK = 256


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded set.

    Attributes:
      name: TFDS name of the set with its version.
      image_shape: Height, width and channels of every image.
      num_classes: Number of classes.
      class_names: Names of the classes, in the order of their labels.
      mean: Mean of each channel over the train split, images scaled to [0, 1].
      std: Standard deviation of the same.
      seed: Seed of the order of examples.
      train: What is trained on: a subset where one is asked for, with noise in its labels.
      test: What is tested on, whole and with its own labels.
      labeled: Whether labels are known; where they are not, they are all 0.
      resize: Name of the rule by which images got their shape; see ``decode.RESIZES``.
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
    labeled: bool = True
    resize: str = CROP

    @property
    def preprocessing(self) -> Preprocessing:
        """The steps from an image file to the input of a net, as plain values."""
        return Preprocessing(
            image_shape=self.image_shape,
            mean=tuple(self.mean.tolist()),
            std=tuple(self.std.tolist()),
            resize=self.resize,
        )


def load(config: DataConfig) -> Dataset:
    """Opens a set, and prepares it first if it is one of ours and this is its first use.

    Raises:
      InputError: The set is not there, or cannot be what ``config`` asks for.
    """
    source = registry.open_source(config)
    shape = _image_shape(source, config.image_size)
    train = _train_reader(source, config, shape)
    test = _reader(source, source.split(config.test_split), shape)
    held = config.stream is False or (
        config.stream is None and (len(train) + len(test)) * int(np.prod(shape)) <= IN_MEMORY_BYTES
    )

    def open_split(reader: Reader, name: str) -> Split:
        description = f"reading {config.name} {name}"
        if held:
            return InMemorySplit(reader, description)
        return StreamedSplit(reader, description, config.workers)

    train_split = open_split(train, config.train_split)
    mean, std = moments(train_split)
    return Dataset(
        name=source.name,
        image_shape=shape,
        num_classes=len(source.class_names),
        class_names=source.class_names,
        mean=mean,
        std=std,
        seed=config.seed,
        train=train_split,
        test=open_split(test, config.test_split),
    )


def moments(split: Split) -> tuple[Float32[np.ndarray, " C"], Float32[np.ndarray, " C"]]:
    """Returns mean and standard deviation of each channel, of images scaled to [0, 1].

    At most 10,000 examples at equal distances are read. A deviation is at least one gray level,
    so that a constant channel can be divided by it.
    """
    images = split.read(evenly_spaced(len(split), _MOMENT_EXAMPLES)).images
    pixels = images.reshape(-1, images.shape[-1])
    # Counting gray levels is exact, needs no float copy of the images, and so does not depend on
    # the order of summation.
    counts = np.stack([np.bincount(channel, minlength=256) for channel in pixels.T])
    levels = np.arange(256) / 255
    mean = counts @ levels / len(pixels)
    variance = np.sum(counts * (levels - mean[:, None]) ** 2, axis=1) / len(pixels)
    std = np.maximum(np.sqrt(variance), 1 / 255)
    return mean.astype(np.float32), std.astype(np.float32)


def _image_shape(source: Source, image_size: int | None) -> tuple[int, int, int]:
    height, width, channels = source.image_shape
    if image_size is not None:
        return image_size, image_size, channels
    if height is None or width is None:
        raise InputError(f"images of {source.name} vary in size; set data.image_size to a number")
    return height, width, channels


def _reader(source: Source, examples: Examples, shape: tuple[int, int, int]) -> Reader:
    """Returns a reader of every example, without noise."""
    count = len(examples)
    return Reader(
        examples, np.arange(count), np.zeros(count, np.int32), len(source.class_names), shape
    )


def _train_reader(source: Source, config: DataConfig, shape: tuple[int, int, int]) -> Reader:
    """Returns a reader of the subset, with noise, that ``config`` asks for."""
    reader = _reader(source, source.split(config.train_split), shape)
    classes, count, size = reader.num_classes, len(reader), config.train_examples
    if size is not None:
        if not classes <= size <= count:
            raise InputError(
                f"data.train_examples is {size}; allowed for split {config.train_split!r} of"
                f" {source.name}: {classes} (its classes) to {count} (its examples)"
            )
        chosen = subset.stratified_order(reader.examples.labels, config.seed)[:size]
        reader = dataclasses.replace(reader, rows=np.sort(chosen), noise=np.zeros(size, np.int32))
    if config.label_noise > 0:
        if classes < 2:
            raise InputError(f"data.label_noise needs a wrong class; {source.name} has only one")
        noise = subset.noise_offsets(
            reader.rows,
            count=count,
            share=config.label_noise,
            num_classes=classes,
            seed=config.seed,
        )
        reader = dataclasses.replace(reader, noise=noise)
    return reader
