"""Sets that the tests of the data floor read: the digits, and small ones of their own."""

from __future__ import annotations

import functools
import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, load


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the sets that we prepare ourselves."""
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def digits(cache: str) -> Dataset:
    return load(DataConfig(data_dir=cache, stream=False))


def photo(index: int, *, height: int, width: int) -> Image.Image:
    """A colour gradient that tells left from right, top from bottom and index from index."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width).astype(np.uint8)
    image[..., 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
    image[..., 2] = index
    return Image.fromarray(image)


def photos(indices: range, label: int | None = None) -> list[dict[str, object]]:
    """Examples whose photos vary in size."""
    examples: list[dict[str, object]] = []
    for i in indices:
        file = io.BytesIO()
        photo(i, height=20 + i, width=50 - i).save(file, "PNG")
        label_of_i = i % 3 if label is None else label
        examples.append({"image": file.getvalue(), "label": label_of_i, "coarse": 0})
    return examples


@pytest.fixture(scope="session")
def tfds_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TFDS folder in which TFDS itself prepared ``photos`` and ``sounds``."""
    folder = tmp_path_factory.mktemp("tfds")
    store = functools.partial(
        tfds.dataset_builders.store_as_tfds_dataset,
        version="1.0.0",
        data_dir=folder,
        file_format="array_record",
        disable_shuffling=True,
    )
    store(
        name="photos",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(names=["cat", "dog", "owl"]),
                "coarse": tfds.features.ClassLabel(num_classes=2),
            }
        ),
        split_datasets={
            "train": photos(range(24)),
            "test": photos(range(24, 30)),
            "unlabelled": photos(range(3), label=-1),
        },
    )
    store(
        name="sounds",
        features=tfds.features.FeaturesDict({"loudness": tfds.features.Scalar(dtype=np.float32)}),
        split_datasets={"train": [{"loudness": 0.5}]},
    )
    return folder
