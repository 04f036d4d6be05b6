from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from depthstudy.config import DataConfig
from depthstudy.data.sources.digits import open_source


def read(split: str) -> tuple[np.ndarray, np.ndarray]:
    examples = open_source(DataConfig(validation=0.0)).split(split)
    return np.stack(
        [image for image, _ in examples.read(np.arange(len(examples)))]
    ), examples.labels


def test_splits_are_the_whole_set_divided_once() -> None:
    images = np.concatenate([read("train")[0], read("test")[0]])
    reference = load_digits().images
    assert images.shape == (1797, 8, 8, 1)
    key = lambda rows: sorted(row.tobytes() for row in rows.reshape(len(rows), -1))  # noqa: E731
    assert key(images) == key(np.round(reference * 255 / 16).astype(np.uint8))


def test_splits_are_stratified() -> None:
    train, test = (np.bincount(read(name)[1]) for name in ("train", "test"))
    assert (train.sum(), test.sum()) == (1438, 359)
    assert np.all(np.abs(train - 0.8 * (train + test)) < 1)


def test_gray_levels_fill_the_range() -> None:
    images, labels = read("train")
    assert (images.dtype, images.min(), images.max()) == (np.uint8, 0, 255)
    assert len(open_source(DataConfig(validation=0.0)).class_names) == labels.max() + 1 == 10


def test_division_is_the_same_every_time() -> None:
    once, again = read("test"), read("test")
    np.testing.assert_array_equal(once[0], again[0])
    assert once[1][:12].tolist() == [1, 3, 4, 6, 7, 9, 6, 9, 0, 6, 2, 2]
