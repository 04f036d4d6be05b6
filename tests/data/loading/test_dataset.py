from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, load, preprocessing
from depthstudy.data.loading import load as loading
from depthstudy.data.pipeline.splits.in_memory import InMemorySplit
from depthstudy.data.pipeline.splits.reader import HostBatch
from depthstudy.data.pipeline.splits.streamed import StreamedSplit
from depthstudy.errors import InputError


def fingerprints(loaded: Dataset) -> set[bytes]:
    return {image.tobytes() for image in loaded.train.read(np.arange(len(loaded.train))).images}


def test_digits(digits: Dataset) -> None:
    assert digits.name == "digits/1.0.0"
    assert digits.image_shape == (8, 8, 1)
    assert (digits.num_classes, len(digits.train), len(digits.test)) == (10, 1438, 359)
    images = digits.train.read(np.arange(1438)).images / 255
    np.testing.assert_allclose(digits.mean, images.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(digits.std, images.std((0, 1, 2)), rtol=1e-6)
    assert digits.mean.dtype == digits.std.dtype == np.float32


def test_a_constant_channel_can_be_divided_by_its_deviation(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    black = HostBatch(np.zeros((4, 8, 8, 1), np.uint8), np.zeros(4, np.int32))
    monkeypatch.setattr(digits.train, "read", lambda indices: black)
    mean, std = preprocessing.moments(digits.train)
    assert mean == [0]
    assert std == np.float32(1 / 255)


def test_subsets_are_nested_stratified_and_exact() -> None:
    small, large = (load(DataConfig(validation=0.0, train_examples=n)) for n in (100, 500))
    assert np.bincount(small.train.labels).tolist() == [10] * 10
    assert len(fingerprints(small)) == 100
    assert fingerprints(small) < fingerprints(large)
    assert len(small.test) == 359


@pytest.mark.parametrize("size", [1, 9, 1439])
def test_subsets_of_no_possible_size(size: int) -> None:
    with pytest.raises(InputError, match=rf"is {size}; allowed .* 10 .* to 1438"):
        load(DataConfig(validation=0.0, train_examples=size))


@pytest.mark.parametrize("stream", [False, True])
def test_noise_touches_train_labels_only(digits: Dataset, stream: bool) -> None:
    noisy = load(DataConfig(validation=0.0, label_noise=0.25, stream=stream))
    assert np.count_nonzero(noisy.train.labels != noisy.train.true_labels) == round(0.25 * 1438)
    np.testing.assert_array_equal(noisy.train.true_labels, digits.train.labels)
    np.testing.assert_array_equal(noisy.test.labels, digits.test.labels)
    np.testing.assert_array_equal(noisy.test.true_labels, digits.test.labels)
    assert noisy.train.labels.dtype == noisy.train.true_labels.dtype == np.int32
    batch = noisy.train.gather(np.arange(100))
    np.testing.assert_array_equal(batch.labels, noisy.train.labels[:100])


def test_in_memory_or_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    def kind(stream: bool | None) -> type:
        return type(load(DataConfig(validation=0.0, stream=stream)).train)

    assert kind(None) is kind(False) is InMemorySplit
    assert kind(True) is StreamedSplit
    monkeypatch.setattr(loading, "IN_MEMORY_BYTES", 1797 * 64)
    assert kind(None) is InMemorySplit
    monkeypatch.setattr(loading, "IN_MEMORY_BYTES", 1797 * 64 - 1)
    assert kind(None) is StreamedSplit
    assert kind(False) is InMemorySplit


def test_images_are_resized_to_the_size_asked_for() -> None:
    loaded = load(DataConfig(validation=0.0, image_size=16))
    assert loaded.image_shape == (16, 16, 1)
    assert loaded.test.gather(np.arange(3)).images.shape == (3, 16, 16, 1)
    assert loaded.mean == pytest.approx(load(DataConfig(validation=0.0)).mean, abs=0.01)


def test_images_of_many_sizes(tfds_dir: Path) -> None:
    config = DataConfig(name="photos", validation=0.0, data_dir=str(tfds_dir))
    with pytest.raises(InputError, match=r"vary in size; set data.image_size"):
        load(config)
    loaded = load(DataConfig(name="photos", validation=0.0, data_dir=str(tfds_dir), image_size=12))
    assert loaded.image_shape == (12, 12, 3)
    images, labels = loaded.train.read(np.arange(24))
    indices = images[..., 2]  # the test's photos carry their index in the blue channel
    assert np.all(indices == indices[:, :1, :1])
    np.testing.assert_array_equal(indices[:, 0, 0] % 3, labels)
    assert sorted(indices[:, 0, 0]) == list(range(24))


def test_splits_by_name(tfds_dir: Path) -> None:
    config = DataConfig(
        validation=0.0,
        name="photos",
        data_dir=str(tfds_dir),
        image_size=8,
        train_split="train[:50%]",
        test_split="train[50%:]",
    )
    loaded = load(config)
    assert (len(loaded.train), len(loaded.test)) == (12, 12)
    assert (loaded.train.name, loaded.test.name) == ("photos train[:50%]", "photos train[50%:]")
    assert loaded.train.class_counts.tolist() == np.bincount(loaded.train.labels).tolist()
