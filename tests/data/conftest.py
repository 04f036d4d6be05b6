"""Sets that the tests of the data floor read: the digits, and small ones on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds
from garments import write_garments
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, load
from depthstudy.data.sources.digits import open_source
from depthstudy.data.sources.tfds.writer import write_arrays_once


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the sets that we prepare ourselves."""
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load(DataConfig(stream=False))


@pytest.fixture(scope="session")
def digits_on_disk(cache: str) -> DataConfig:
    """The digits as a TFDS set in ``cache``, image files instead of arrays."""
    source = open_source(DataConfig())
    arrays = {}
    for name in source.split_names:
        examples = source.split(name)
        pixels = [image for image, _ in examples.read(np.arange(len(examples)))]
        arrays[name] = np.stack(pixels)[..., 0], examples.labels
    write_arrays_once(Path(cache) / "digits_on_disk" / "1.0.0", source.class_names, arrays)
    return DataConfig(name="digits_on_disk", data_dir=cache)


@pytest.fixture
def garments(tmp_path: Path) -> Path:
    """A folder with the four files of a small Fashion-MNIST."""
    write_garments(tmp_path)
    return tmp_path


def photo(index: int, *, height: int, width: int) -> Image.Image:
    """A color gradient that tells left from right, top from bottom and index from index."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width).astype(np.uint8)
    image[..., 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
    image[..., 2] = index
    return Image.fromarray(image)


class Photos(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Thirty photos in three classes, of sizes that vary, and three photos of no class."""

    name = "photos"
    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = Path(__file__).parent  # TFDS would look for it, and pytest hides this module

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=["cat", "dog", "owl"]),
            "coarse": tfds.features.ClassLabel(num_classes=2),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager: object) -> dict[str, Iterator[Any]]:
        return {
            "train": self._generate_examples(range(24)),
            "test": self._generate_examples(range(24, 30)),
            "unlabeled": self._generate_examples(range(3), label=-1),
        }

    def _generate_examples(self, indices: range, label: int | None = None) -> Iterator[Any]:
        for i in indices:
            image = photo(i, height=20 + i, width=50 - i)
            yield i, {"image": image, "label": i % 3 if label is None else label, "coarse": 0}


class Sounds(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """A set with no images in it."""

    name = "sounds"
    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = Path(__file__).parent

    def _info(self) -> tfds.core.DatasetInfo:
        features = {"loudness": tfds.features.Scalar(dtype=np.float32)}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager: object) -> dict[str, Iterator[Any]]:
        return {"train": self._generate_examples()}

    def _generate_examples(self) -> Iterator[Any]:
        yield 0, {"loudness": 0.5}


@pytest.fixture(scope="session")
def tfds_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TFDS folder in which TFDS itself prepared ``photos`` and ``sounds``."""
    folder = tmp_path_factory.mktemp("tfds")
    for kind in (Photos, Sounds):
        kind(data_dir=folder, file_format="array_record").download_and_prepare()
    return folder
