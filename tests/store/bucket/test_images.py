"""Images, prepared sets and weights in a bucket are the same as on this machine."""

from __future__ import annotations

from pathlib import Path

import image_folders
import numpy as np
import pytest

from depthstudy import config, data, store
from depthstudy.config import DataConfig
from depthstudy.data.sources import arrays_file
from depthstudy.errors import InputError
from depthstudy.store.bucket.connection import Bucket


def _upload(folder: Path, url: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            Bucket(url).upload(path, path.relative_to(folder).as_posix())


def test_a_folder_of_images(url: str, tmp_path: Path) -> None:
    images = image_folders.mixed_animals(tmp_path)
    _upload(images, url)
    (tmp_path / "here").mkdir()
    local = DataConfig(name="folder", source_dir=str(images), data_dir=str(tmp_path / "here"))
    remote = DataConfig(name="folder", source_dir=url)
    expected, dataset = data.load(local), data.load(remote)
    assert dataset.name == expected.name  # which is a hash of content, names and division
    everything = np.arange(len(expected.train))
    np.testing.assert_array_equal(
        dataset.train.read(everything).images, expected.train.read(everything).images
    )
    with pytest.raises(InputError, match=f"{url}/none is neither a file nor a folder with files"):
        data.load(DataConfig(name="folder", source_dir=f"{url}/none"))


def test_a_file_of_arrays(url: str) -> None:
    images = np.arange(40 * 16, dtype=np.uint32).astype(np.uint8).reshape(40, 4, 4)
    split = (images, np.arange(40) % 2)
    content = arrays_file.encode({"train": split, "test": split}, None)
    Bucket(url).write("images.npz", content)
    asked = DataConfig(name=arrays_file.NAME, source_dir=f"{url}/images.npz", stream=False)
    assert len(data.load(asked).test) == 40


def test_a_prepared_set_is_copied(url: str, tmp_path: Path) -> None:
    images = image_folders.mixed_animals(tmp_path)
    expected = data.load(DataConfig(name="folder", source_dir=str(images)))
    _upload(store.cache_dir() / expected.name, f"{url}/{expected.name}")
    name = expected.name.partition("/")[0]
    dataset = data.load(DataConfig(name=name, data_dir=url, stream=False))
    local = DataConfig(name=name, data_dir=str(store.cache_dir()), stream=False)
    assert (dataset.name, len(dataset.train)) == (expected.name, len(data.load(local).train))
    with pytest.raises(InputError, match=f"data.data_dir={url} is in a bucket"):
        data.load(config.DataConfig(name="fashion_mnist", data_dir=url))
