from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from depthstudy.config import DataConfig
from depthstudy.data import load
from depthstudy.data.sources.tfds import reader
from depthstudy.errors import InputError


def test_a_set_that_tfds_prepared(tfds_dir: Path) -> None:
    source = reader.open_folder(reader.find("photos", str(tfds_dir)))
    assert source.name == "photos/1.0.0"
    assert source.image_shape == (None, None, 3)
    assert source.class_names == ("cat", "dog", "owl")  # not the coarse label's
    assert len(source.split("train")) == 24
    assert len(source.split("train[:25%]")) == 6
    assert np.bincount(source.split("train").labels).tolist() == [8, 8, 8]


def test_examples_are_read_by_position(tfds_dir: Path) -> None:
    examples = reader.open_folder(tfds_dir / "photos" / "1.0.0").split("train")
    pairs = examples.read(np.array([5, 0, 5]))
    assert pairs[0] == pairs[2] != pairs[1]
    assert [label for _, label in pairs] == examples.labels[[5, 0, 5]].tolist()


def test_version_and_config(tfds_dir: Path, tmp_path: Path) -> None:
    for folder in ("a/1.0.0", "a/10.0.0", "a/9.0.0", "b/x/1.0.0", "c/x/1.0.0", "c/y/1.0.0"):
        shutil.copytree(tfds_dir / "photos" / "1.0.0", tmp_path / folder)
    (tmp_path / "a" / ".11.0.0.partial").mkdir()
    root = str(tmp_path)
    assert reader.find("a", root) == tmp_path / "a" / "10.0.0"
    assert reader.find("a:9.0.0", root) == tmp_path / "a" / "9.0.0"
    assert reader.find("b", root) == tmp_path / "b" / "x" / "1.0.0"
    assert reader.find("c/y:1.0.0", root) == tmp_path / "c" / "y" / "1.0.0"
    with pytest.raises(InputError, match=r"several configs; name one of: c/x, c/y$"):
        reader.find("c", root)
    with pytest.raises(InputError, match="not prepared"):
        reader.find("a:2.0.0", root)


@pytest.mark.parametrize("name", ["cifar10", "photos:2.0.0", "photos/small"])
def test_a_set_that_is_not_prepared(tfds_dir: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        reader.find(name, str(tfds_dir))
    message = str(caught.value)
    command = f"`tfds build {name} --file_format=array_record --data_dir={tfds_dir}`"
    assert command in message
    assert "pip install depthstudy[tensorflow]" in message
    assert 'data.name="folder"' in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["", "a b", "../photos", "photos:new", "x:y/z"])
def test_a_name_that_is_none(tfds_dir: Path, name: str) -> None:
    with pytest.raises(InputError, match="is not NAME, NAME/CONFIG or NAME:VERSION"):
        reader.find(name, str(tfds_dir))


def test_another_file_format(tfds_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "1.0.0"
    shutil.copytree(tfds_dir / "photos" / "1.0.0", folder)
    info = folder / "dataset_info.json"
    info.write_text(info.read_text().replace('"array_record"', '"tfrecord"'))
    with pytest.raises(InputError, match=r"is in tfrecord format; .*--file_format=array_record"):
        reader.open_folder(folder)


def test_splits(tfds_dir: Path) -> None:
    source = reader.open_folder(tfds_dir / "photos" / "1.0.0")
    for name in ("validation", "train[:x]", "train[:0]", "all[:1]", ""):
        with pytest.raises(InputError, match=r"splits are: train, test, unlabeled$"):
            source.split(name)
    with pytest.raises(InputError, match=r"^split 'unlabeled' of photos/1.0.0 has no labels$"):
        source.split("unlabeled")


@pytest.mark.parametrize("stream", [False, True])
def test_images_without_labels_amid_others_are_refused(tfds_dir: Path, stream: bool) -> None:
    """A label of -1 would count as the last class."""
    config = DataConfig(
        name="photos",
        data_dir=str(tfds_dir),
        train_split="train+unlabeled",
        image_size=8,
        validation=0.0,
        stream=stream,
        workers=0,
    )
    with pytest.raises(InputError, match=r"image \d+ of photos train\+unlabeled has the label -1"):
        load(config)


def test_a_record_that_is_damaged_is_named(tfds_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "1.0.0"
    shutil.copytree(tfds_dir / "photos" / "1.0.0", folder)
    config = DataConfig(
        name="photos",
        data_dir=str(tmp_path),
        image_size=8,
        validation=0.0,
        stream=True,
        workers=0,
    )
    split = load(config).train  # and then it is damaged, as who opens it may look at any record
    (path,) = folder.glob("*-train.array_record*")
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"IEND") - 40] ^= 255
    path.write_bytes(raw)
    assert len(split.read(np.arange(23)).labels) == 23
    with pytest.raises(InputError, match=r"^image 23 of photos train cannot be read \(") as caught:
        split.read(np.arange(24))
    assert "\n" not in str(caught.value)


def test_a_set_without_images(tfds_dir: Path) -> None:
    with pytest.raises(InputError, match=r"no set of images .* it has: loudness \(Scalar\)$"):
        reader.open_folder(tfds_dir / "sounds" / "1.0.0")


def test_neither_tensorflow_nor_the_builder_is_imported(tfds_dir: Path) -> None:
    code = f"""
import sys
from depthstudy.config import DataConfig
from depthstudy import data
config = DataConfig(name="photos", data_dir={str(tfds_dir)!r}, image_size=8, validation=0.0)
dataset = data.load(config)
assert len(dataset.train) == 24
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_import_is_light() -> None:
    code = """
import sys
import depthstudy.data
heavy = {"tensorflow_datasets", "grain", "sklearn", "PIL", "tensorflow"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
