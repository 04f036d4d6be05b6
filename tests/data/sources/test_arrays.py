"""Arrays as a source: the pixels that were given, parts named as TFDS does, one-line refusals."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import (
    ArrayExamples,
    ArraySource,
    array_source,
    from_arrays,
    from_source,
    load,
    train_batches,
)
from depthstudy.data.sources.tfds import reader
from depthstudy.data.sources.tfds.writer import write_arrays_once
from depthstudy.errors import InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 6, 4, 3), np.uint8)
LABELS = np.arange(30) % 3


def test_a_dataset_of_arrays() -> None:
    dataset = from_arrays(IMAGES[:20], LABELS[:20], IMAGES[20:], LABELS[20:])
    assert dataset.image_shape == (6, 4, 3)
    assert dataset.class_names == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train.read(np.arange(20)).images, IMAGES[:20])
    np.testing.assert_array_equal(dataset.test.labels, LABELS[20:])
    assert dataset.train.class_counts.tolist() == [7, 7, 6]
    np.testing.assert_allclose(dataset.mean, IMAGES[:20].mean((0, 1, 2)) / 255, rtol=1e-5)
    seen = [batch.labels for batch in train_batches(dataset, batch_size=5, stop=4)]
    assert np.bincount(np.concatenate(seen)).tolist() == [7, 7, 6]


def test_the_name_follows_the_content() -> None:
    names = {
        from_arrays(images, labels, IMAGES, LABELS, class_names=classes).name
        for images, labels, classes in (
            (IMAGES, LABELS, "abc"),
            (IMAGES.copy(), LABELS.astype(np.uint8), ["a", "b", "c"]),
            (255 - IMAGES, LABELS, "abc"),
            (IMAGES, (LABELS + 1) % 3, "abc"),
            (IMAGES, LABELS, "abd"),
        )
    }
    assert len(names) == 4
    assert all(name.startswith("arrays_") for name in names)


@pytest.mark.parametrize(
    "part", ["train", "train[:50%]", "train[3:-2]", "train[75%:]+test", "all", "test+train[:1]"]
)
def test_parts_are_those_of_a_tfds_set(part: str, tmp_path: Path) -> None:
    """The same arrays, prepared as a TFDS set and sliced by TFDS."""
    gray = {"train": (IMAGES[:20, ..., 0], LABELS[:20]), "test": (IMAGES[20:, ..., 0], LABELS[20:])}
    write_arrays_once(tmp_path / "set" / "1.0.0", ("a", "b", "c"), gray)
    on_disk = reader.open_folder(tmp_path / "set" / "1.0.0").split(part)
    in_memory = array_source(gray).split(part)
    np.testing.assert_array_equal(in_memory.labels, on_disk.labels)
    rows = np.arange(len(on_disk))
    for (pixels, _), (encoded, _) in zip(in_memory.read(rows), on_disk.read(rows), strict=True):
        assert isinstance(encoded, bytes)
        np.testing.assert_array_equal(pixels[..., 0], np.asarray(Image.open(io.BytesIO(encoded))))


@pytest.mark.parametrize("name", ["validation", "train[:0]", "train[80%:20%]", "all[:1]", ""])
def test_parts_that_are_empty_or_unknown(name: str) -> None:
    source = array_source({"train": (IMAGES, LABELS), "test": (IMAGES, LABELS)})
    with pytest.raises(InputError, match=r"has no examples in split .*its splits are: train, test"):
        source.split(name)


def test_pixels_are_resized_as_files_are(digits_on_disk: DataConfig) -> None:
    files, arrays = (
        load(dataclasses.replace(config, image_size=13)).test.read(np.arange(50)).images
        for config in (digits_on_disk, DataConfig(validation=0.0))
    )
    np.testing.assert_array_equal(arrays, files)


def test_encoded_files_in_memory() -> None:
    file = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(file, "PNG")
    examples = ArrayExamples([file.getvalue()] * 3, LABELS[:3])
    source = ArraySource(
        name="files",
        image_shape=(None, None, 3),
        class_names=("a", "b", "c"),
        examples={"train": examples, "test": examples},
    )
    config = DataConfig(
        validation=0.0, name="files", train_split="train[1:]", test_split="test[1:]", image_size=4
    )
    dataset = from_source(source, config)
    assert (dataset.image_shape, dataset.train.labels.tolist()) == ((4, 4, 3), [1, 2])
    np.testing.assert_array_equal(dataset.test.read(np.array([0])).images[0], IMAGES[0, 1:5])


def test_any_number_of_channels_without_resizing() -> None:
    images = np.zeros((4, 5, 5, 7), np.uint8)
    source = array_source({"train": (images, LABELS[:4]), "test": (images, LABELS[:4])})
    config = DataConfig(validation=0.0, name=source.name)
    assert from_source(source, config).image_shape == (5, 5, 7)
    with pytest.raises(InputError, match=r"have 7 channels and cannot be resized; allowed: 1, 3,"):
        from_source(source, dataclasses.replace(config, image_size=4))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES / 255, LABELS, r"^train images are float64 \(30, 6, 4, 3\); allowed: uint8 \[N, H"),
        (IMAGES[0, 0], LABELS, r"^train images are uint8 \(4, 3\); allowed"),
        (IMAGES, LABELS[:3], r"^train labels are int64 \(3,\); allowed: integers \[30\], one an"),
        (IMAGES, LABELS / 2, r"^train labels are float64"),
        (IMAGES, LABELS - 1, r"^train labels reach down to -1; the least allowed is 0"),
        (IMAGES, LABELS + 1, r"^label 3 names no class; there are 3 class names"),
        (IMAGES[:, :5], LABELS, r"^images need one height, width and channels in all splits; they"),
        (IMAGES[:0], LABELS[:0], r"has no examples in split 'train'"),
    ],
)
def test_refusals(images: ArrayLike, labels: ArrayLike, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        from_arrays(images, labels, IMAGES, LABELS, class_names=("a", "b", "c"))
    assert "\n" not in str(caught.value)
