from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from garments import GARMENTS, idx

from depthstudy.config import DataConfig
from depthstudy.data import load
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.sources import fashion_mnist
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


def test_truncated_gzip(garments: Path) -> None:
    path = garments / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte.gz is not a whole IDX file"):
        fashion_mnist.read(str(garments))


@pytest.mark.skipif(not fashion_mnist.DEBIAN.is_dir(), reason="needs dataset-fashion-mnist")
def test_debian_package() -> None:
    splits = fashion_mnist.read(None)
    assert splits["train"][0].shape == (60000, 28, 28)
    assert np.bincount(splits["train"][1]).tolist() == [6000] * 10
    assert np.bincount(splits["test"][1]).tolist() == [1000] * 10
    assert np.mean(splits["train"][0]) / 255 == pytest.approx(0.2860, abs=1e-4)  # as published
