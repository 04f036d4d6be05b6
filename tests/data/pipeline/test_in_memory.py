"""Which splits have a copy on the devices: those of the set that is in use, each once."""

from __future__ import annotations

import jax
import numpy as np
import placements
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, Split, load

NOISES = (0.0, 0.1, 0.2, 0.3, 0.4)


def noisy(noise: float, train_examples: int) -> Dataset:
    """A set with noise, of a size by which its arrays can be told from those of other tests."""
    return load(DataConfig(stream=False, train_examples=train_examples, label_noise=noise))


def splits(dataset: Dataset) -> list[Split]:
    """The splits in the order in which a training gathers them."""
    assert dataset.validation is not None
    return [dataset.train, dataset.validation, dataset.test]


def copies(split: Split) -> int:
    """Returns how many arrays on the devices have as many images as a split."""
    return sum(x.shape == (len(split), 8, 8, 1) for x in jax.live_arrays())


def sharding_of(devices: int) -> NamedSharding:
    mesh = jax.make_mesh((devices,), ("batch",), devices=jax.devices()[:devices])
    return NamedSharding(mesh, PartitionSpec("batch"))


def test_the_set_that_was_used_last_is_on_the_devices() -> None:
    indices = np.arange(4)
    datasets = [noisy(noise, 301) for noise in NOISES]
    for dataset in datasets:
        for split in splits(dataset):
            split.gather(indices)
        assert copies(dataset.train) == 1
    again = datasets[0].train.gather(indices)
    np.testing.assert_array_equal(again.images, datasets[0].train.read(indices).images)


def test_a_split_has_one_copy_whatever_the_sharding() -> None:
    train = noisy(0.0, 303).train
    expected = train.read(np.arange(8))
    for sharding in (None, sharding_of(1), sharding_of(4), None):
        batch = train.gather(np.arange(8), sharding=sharding)
        assert copies(train) == 1
        np.testing.assert_array_equal(batch.images, expected.images)
        assert len(batch.images.sharding.device_set) == (
            1 if sharding is None else sharding.mesh.size
        )


def test_a_set_in_use_is_put_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = placements.counted(monkeypatch)
    dataset = noisy(0.0, 305)
    for _ in range(3):
        for split in splits(dataset):
            split.gather(np.arange(4), sharding=sharding_of(4))
    assert placed == [len(split) for split in splits(dataset)]


def test_a_set_that_is_gone_leaves_the_devices() -> None:
    dataset = noisy(0.0, 307)
    size = len(dataset.train)
    dataset.train.gather(np.arange(4))
    del dataset
    assert not [x for x in jax.live_arrays() if x.shape == (size, 8, 8, 1)]
