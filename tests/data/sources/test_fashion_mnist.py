from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from garments import GARMENTS, idx, write_garments

from depthstudy.config import DataConfig
from depthstudy.data import Datasets, OtherDataError, load
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.sources import fashion_mnist
from depthstudy.data.sources.detection import scenes
from depthstudy.data.sources.registry import open_source
from depthstudy.errors import InputError


def images(split: Split) -> np.ndarray:
    return np.asarray(split.gather(np.arange(len(split))).images)[..., 0]


def test_from_idx_files_to_a_loaded_set(garments: Path) -> None:
    config = DataConfig(
        validation=0.0,
        name="fashion_mnist",
        source_dir=str(garments),
        data_dir=str(garments / "cache"),
    )
    for _ in range(2):  # prepared, then found
        dataset = load(config)
        assert dataset.image_shape == (28, 28, 1)
        assert dataset.class_names[9] == "Ankle boot"
        np.testing.assert_array_equal(images(dataset.train), GARMENTS["train-images-idx3-ubyte"])
        np.testing.assert_array_equal(images(dataset.test), GARMENTS["t10k-images-idx3-ubyte"])
        np.testing.assert_array_equal(dataset.train.labels, GARMENTS["train-labels-idx1-ubyte"])


def test_sets_that_differ_in_their_share_have_one_source(garments: Path) -> None:
    config = DataConfig(
        name="fashion_mnist", source_dir=str(garments), data_dir=str(garments / "cache")
    )
    datasets = Datasets()
    whole = datasets.get(config)
    noisy = datasets.get(dataclasses.replace(config, label_noise=0.5))
    assert whole.source is noisy.source
    assert whole.source.split("train") is noisy.source.split("train")


def test_other_files_are_another_set(garments: Path) -> None:
    config = DataConfig(
        name="fashion_mnist", source_dir=str(garments), data_dir=str(garments / "cache")
    )
    first = open_source(config)
    again = garments / "again"  # the same images in other files
    again.mkdir()
    write_garments(again)
    path = again / "t10k-images-idx3-ubyte.gz"
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
    assert open_source(dataclasses.replace(config, source_dir=str(again))).name == first.name
    labels = garments / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\0")
    second = open_source(config)
    assert (first.split("train").labels[-1], second.split("train").labels[-1]) == (9, 0)
    with pytest.raises(OtherDataError, match="not those that were there before"):
        open_source(config, "fashion_mnist_0123456789abcdef/1.0.0")
    labels.unlink()  # what was prepared is opened by its name
    assert open_source(config, first.name).name == first.name


def test_scenes_of_other_files_are_another_set(
    garments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "COUNTS", {"train": 3, "test": 2})
    config = DataConfig(
        name="fashion_scenes", source_dir=str(garments), data_dir=str(garments / "cache")
    )
    first = open_source(config).name
    labels = garments / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\0")
    assert first.startswith("fashion_scenes_")
    assert open_source(config).name != first


def test_missing_files(tmp_path: Path) -> None:
    config = DataConfig(
        validation=0.0,
        name="fashion_mnist",
        source_dir=str(tmp_path),
        data_dir=str(tmp_path / "cache"),
    )
    with pytest.raises(InputError) as caught:
        load(config)
    assert str(caught.value) == (
        f"no file train-images-idx3-ubyte[.gz] in {tmp_path}; `apt-get install"
        " dataset-fashion-mnist`, or set data.source_dir to a folder with"
        " {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]"
    )
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: raw[:-5], "is not a whole IDX file"),
        (lambda raw: b"", "is not a whole IDX file"),
        (lambda raw: b"\0\0\x0d" + raw[3:], "is not a whole IDX file"),
        (lambda raw: idx(np.zeros(39, np.uint8)), "do not belong together"),
        (lambda raw: raw[:-1] + b"\x0a", "do not belong together"),
    ],
)
def test_damaged_files(garments: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    labels = garments / "train-labels-idx1-ubyte"
    labels.write_bytes(damage(labels.read_bytes()))
    with pytest.raises(InputError, match=message):
        fashion_mnist.read(str(garments))


def flip_a_byte(raw: bytes) -> bytes:
    """Makes the kind of the first compressed block one that deflate does not have."""
    return raw[:10] + bytes([raw[10] | 0b110]) + raw[11:]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-100], flip_a_byte])
def test_damaged_gzip(garments: Path, damage: Callable[[bytes], bytes]) -> None:
    path = garments / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte.gz is not a whole IDX file"):
        fashion_mnist.read(str(garments))


@pytest.mark.skipif(not fashion_mnist.DEBIAN.is_dir(), reason="needs dataset-fashion-mnist")
def test_debian_package() -> None:
    splits = fashion_mnist.read(None)
    assert fashion_mnist.named("x", str(fashion_mnist.DEBIAN))[0] == "x"  # it is the usual set
    assert splits["train"][0].shape == (60000, 28, 28)
    assert np.bincount(splits["train"][1]).tolist() == [6000] * 10
    assert np.bincount(splits["test"][1]).tolist() == [1000] * 10
    assert np.mean(splits["train"][0]) / 255 == pytest.approx(0.2860, abs=1e-4)  # as published
