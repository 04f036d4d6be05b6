"""A folder of images as a data set: divided, found again, its damaged files left out."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from image_folders import color, gray, levels, mixed_animals, opened, truncate, write
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import load
from depthstudy.data.sources.folder import layout, source
from depthstudy.data.sources.folder.contents import look_into
from depthstudy.data.sources.folder.division import fingerprint, held_out
from depthstudy.errors import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return mixed_animals(tmp_path)


def test_a_set_divided_by_seed(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = opened(root)
    assert capfd.readouterr().err == (
        f"{root}: 3 classes (cat, dog, owl), 26 train and 6 test images (divided by seed), gray,"
        " 5 x 6; left out: 0 damaged, 0 of another kind or place, 0 hidden\n"
    )
    assert dataset.class_names == ("cat", "dog", "owl")
    assert dataset.image_shape == (5, 6, 1)
    assert np.bincount(dataset.train.labels).tolist() == [12, 6, 8]
    assert np.bincount(dataset.test.labels).tolist() == [3, 1, 2]
    everything = [*range(10), *range(50, 65), *range(100, 107)]
    assert sorted(levels(dataset.train) + levels(dataset.test)) == everything
    written_as = np.array([2, 0, 1])[np.array(levels(dataset.train)) // 50]
    np.testing.assert_array_equal(dataset.train.labels, written_as)


def test_a_seed_divides_the_same_way_again_and_another_does_not(root: Path) -> None:
    once = levels(opened(root).test)
    shutil.rmtree(root.parent / "cache")
    assert levels(opened(root).test) == once
    assert levels(opened(root, seed=1).test) != once


def test_every_class_is_in_train_and_in_test() -> None:
    labels = np.repeat(np.arange(5), [2, 3, 7, 8, 100])
    tested = held_out(labels, np.arange(len(labels)), seed=0)
    assert np.bincount(labels[tested]).tolist() == [1, 1, 1, 2, 20]


def test_an_unchanged_folder_is_found_again_and_a_changed_one_prepared_anew(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    opened(root)
    capfd.readouterr()
    opened(root)
    assert capfd.readouterr().err == ""
    (root / "notes.txt").write_text("no image")
    opened(root)
    assert capfd.readouterr().err == ""
    keys = [name_of(root)]
    (root / "cat" / "new.png").write_bytes((root / "cat" / "00.png").read_bytes())
    assert len(opened(root).train) + len(opened(root).test) == 33
    keys.append(name_of(root))
    (root / "cat" / "new.png").rename(root / "dog" / "new.png")
    keys += [name_of(root), name_of(root, seed=1)]
    assert len({*keys}) == 4


def test_the_same_bytes_are_the_same_set_wherever_they_lie(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the path, nor times, nor names of files are of the content."""
    name = opened(root).name
    assert opened(root, workers=7).name == name
    for path in root.rglob("*.png"):
        os.utime(path, ns=(1, 1))
    assert opened(root).name == name
    shutil.copytree(root, tmp_path / "copy", copy_function=shutil.copyfile)
    (tmp_path / "copy" / "cat" / "00.png").rename(tmp_path / "copy" / "cat" / "renamed.png")
    assert opened(tmp_path / "copy").name == name
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for spelling in (f"{root}/", "images", "./images", "~/images"):
        config = DataConfig(name="folder", source_dir=spelling, data_dir="elsewhere")
        assert load(config).name == name


def name_of(root: Path, seed: int = 0) -> str:
    scan = layout.scan(str(root))
    return fingerprint(scan, look_into(scan, root.parent / "cache"), seed)


@pytest.mark.parametrize("name", ["test", "val", "validation", "Valid", "dev", "TESTING"])
def test_a_set_divided_by_folders(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    counts = {"train/a": 3, f"{name}/a": 1, "train/b": 2, f"{name}/b": 2}
    root = write(tmp_path / "images", counts)
    dataset = opened(root)
    assert f"5 train and 3 test images (of {name})" in capfd.readouterr().err
    assert sorted(levels(dataset.train)) == [0, 1, 2, 100, 101]
    assert sorted(levels(dataset.test)) == [50, 150, 151]
    assert [level >= 150 for level in levels(dataset.test)] == dataset.test.labels.tolist()
    assert name_of(root, 0) == name_of(root, 1)


def test_val_beside_test_is_chosen_by_and_what_else_there_is_is_counted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = {"train": 3, "Val": 2, "dev": 1, "test": 1}
    counts = {f"{part}/{name}": count for part, count in parts.items() for name in "ab"}
    root = write(tmp_path / "images", counts)
    scan = layout.scan(str(root))
    assert scan.part_names == {"train": "train", "validation": "Val", "test": "test"}
    assert {left.reason for left in scan.left_out} == {"in dev, which is not read"}
    assert scan.notes == ("dev is not read: its 2 images are of no part in use",)
    config = DataConfig(name="folder", source_dir=str(root), data_dir=str(tmp_path / "cache"))
    dataset = load(config)
    assert "6 train, 4 validation and 2 test images (of Val and test)" in capfd.readouterr().err
    assert dataset.validation is not None
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [6, 4, 2]
    none = load(dataclasses.replace(config, validation=0.0))
    assert (len(none.train), none.validation) == (6, None)


def test_train_may_be_a_class(tmp_path: Path) -> None:
    scan = layout.scan(str(write(tmp_path / "images", {"bus": 2, "train": 3})))
    assert scan.class_names == ("bus", "train")
    assert len(scan.files) == 5


def test_damaged_hidden_and_other_files(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    truncate(root / "cat" / "03.png")
    (root / "cat" / "04.png").write_bytes(b"")
    (root / "cat" / "05.png").write_text("<html>")
    (root / "cat" / "06.png").unlink()
    (root / "cat" / "06.png").symlink_to("nowhere")
    for name in ("notes.txt", "cat/old.gif", "cat/.DS_Store", "__MACOSX", ".git"):
        (root / name).touch()
    (root / "dog" / "deeper").mkdir()
    gray(200).save(root / "dog" / "deeper" / "new.png")
    dataset = opened(root)
    *lines, summary = capfd.readouterr().err.splitlines()
    assert lines == [
        "damaged, left out: cat/03.png: image file is truncated",
        "damaged, left out: cat/04.png: the file is empty",
        "damaged, left out: cat/05.png: it is not PNG, JPEG, WebP, BMP or TIFF",
        "damaged, left out: cat/06.png: No such file or directory",
    ]
    assert summary.endswith("left out: 4 damaged, 2 of another kind or place, 3 hidden")
    assert not {53, 54, 55, 56} & {*levels(dataset.train), *levels(dataset.test)}
    assert 200 in {*levels(dataset.train), *levels(dataset.test)}
    assert len(dataset.train) + len(dataset.test) == 29
    left_out = {row.file: row.left_out for row in dataset.source.files if row.left_out}
    assert left_out["cat/04.png"] == "damaged: the file is empty"
    assert left_out["cat/old.gif"] == "not an image that is read (.gif)"
    assert len(dataset.source.files) == 29 + 9


def test_only_the_first_damaged_images_are_named(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for i in range(8):
        truncate(root / "cat" / f"{i:02d}.png")
    opened(root)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 7
    assert lines[5] == "damaged, left out: 3 more"


@pytest.mark.parametrize(("other", "channels"), [(gray, 1), (color, 3)])
def test_color_in_any_image_gives_three_channels(
    tmp_path: Path, other: Callable[[int], Image.Image], channels: int
) -> None:
    root = write(tmp_path / "images", {"a": 4, "b": 4})
    other(9).save(root / "b" / "new.JPEG", quality=100)
    dataset = opened(root)
    assert dataset.image_shape == (5, 6, channels)
    images = dataset.train.read(np.arange(len(dataset.train))).images
    assert np.count_nonzero(np.ptp(images, axis=-1).max((1, 2)) == 0) >= 6  # gray stays gray


def test_all_color(tmp_path: Path) -> None:
    dataset = opened(write(tmp_path / "images", {"a": 4, "b": 4}, color))
    assert dataset.image_shape == (5, 6, 3)
    assert dataset.train.read(np.array([0])).images[0, 0, 0].tolist()[1:] == [0, 255]


def test_images_of_many_sizes_need_a_size(root: Path) -> None:
    gray(1).resize((9, 9)).save(root / "cat" / "large.png")
    with pytest.raises(InputError, match=r"vary in size; set data.image_size"):
        opened(root)
    assert opened(root, image_size=4).image_shape == (4, 4, 1)


def test_an_image_that_changes_meanwhile(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that breaks while the set is written leaves no set behind."""
    with monkeypatch.context() as patch:
        patch.setattr(source, "keep", lambda *_: truncate(root / "cat" / "03.png"))
        with pytest.raises(InputError, match=r"cat/03.png changed while it was read"):
            opened(root)
    assert not list(root.parent.glob("cache/*/1.0.0"))
    assert len(opened(root).train) > 0
