"""The cache of prepared sets: damaged, full, unreadable, and cleaned."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_folders import mixed_animals, opened

from depthstudy.config import DataConfig
from depthstudy.data import OtherDataError, changes, clean, load
from depthstudy.data.loading.datasets import Datasets
from depthstudy.data.sources.tfds import prepared, seal, writer
from depthstudy.errors import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return mixed_animals(tmp_path)


def the_set(root: Path) -> Path:
    (folder,) = (root.parent / "cache").glob("folder_*/1.0.0")
    return folder


def damage_a_file(folder: Path) -> None:
    (path,) = folder.glob("*train*.array_record*")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 255
    path.write_bytes(raw)


def remove_a_file(folder: Path) -> None:
    next(folder.glob("*test*.array_record*")).unlink()


def truncate_the_list(folder: Path) -> None:
    (folder / seal.FILES).write_bytes(b"{")


@pytest.mark.parametrize("spoil", [damage_a_file, remove_a_file, truncate_the_list])
def test_a_damaged_set_is_made_again(
    root: Path, spoil: object, capfd: pytest.CaptureFixture[str]
) -> None:
    before = opened(root).train.read(np.arange(26)).images
    capfd.readouterr()
    spoil(the_set(root))  # type: ignore[operator]
    np.testing.assert_array_equal(opened(root).train.read(np.arange(26)).images, before)
    assert "prepared again, as in" in capfd.readouterr().err
    opened(root)
    assert capfd.readouterr().err == ""


def test_a_copy_of_a_set_without_its_times_is_whole(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    opened(root)
    capfd.readouterr()
    for path in the_set(root).iterdir():
        os.utime(path, ns=(1, 1))
    opened(root)
    assert capfd.readouterr().err == ""


def test_a_set_is_there_with_its_list(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever its process is killed: damage is seen later."""
    write = writer.write_files_once

    def is_killed_then(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_files_once", is_killed_then)
        with pytest.raises(KeyboardInterrupt):
            opened(root)
    assert seal.damage(the_set(root)) == ""
    damage_a_file(the_set(root))
    assert seal.damage(the_set(root)).endswith("is damaged")


def test_a_damaged_set_that_another_process_made_again_stays(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Damage is looked for once more under the lock."""
    opened(root)
    folder = the_set(root)
    written = (folder / "features.json").stat().st_ino
    answers = iter(["x is damaged", ""])
    monkeypatch.setattr(prepared, "damage", lambda folder: next(answers))
    capfd.readouterr()
    opened(root)
    assert (folder / "features.json").stat().st_ino == written
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("Could not write record")]
)
def test_a_full_disk(root: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(writer, "seal", fails)
    with pytest.raises(InputError, match=r"No space left on device.*; set data.data_dir"):
        opened(root)
    assert not list((root.parent / "cache").rglob(".*.partial"))


def test_the_cache_is_cleaned_of_sets_of_folders_alone(root: Path) -> None:
    opened(root)
    opened(root, seed=1)
    cache = root.parent / "cache"
    for path in (root / "cat").iterdir():
        path.with_suffix(".txt").write_text("0 0.5 0.5 0.5 0.5")
    load(DataConfig(name="object_folder", source_dir=str(root / "cat"), data_dir=str(cache)))
    others = ["fashion_mnist", "folder_of_mine", "object_folder_of_mine"]
    for other in others:
        (cache / other).mkdir()
    cleaned = clean(DataConfig(name="folder", data_dir=str(cache)))
    assert (cleaned.sets, cleaned.size > 1_000) == (3, True)
    assert sorted(path.name for path in cache.iterdir()) == others


def test_what_one_process_opened_another_opens_too(root: Path) -> None:
    """Whatever becomes of the folder meanwhile; without the cache it is refused."""
    config = DataConfig(name="folder", source_dir=str(root), data_dir=str(root.parent / "cache"))
    first = Datasets().get(config)
    before = first.source.files
    shutil.copytree(root / "cat", root / "new")
    (root / "dog" / "00.png").unlink()
    again = Datasets().get(config, first.name)
    np.testing.assert_array_equal(
        again.train.read(np.arange(9)).images, first.train.read(np.arange(9)).images
    )
    shutil.rmtree(root.parent / "cache")
    with pytest.raises(OtherDataError, match="are not those that were there before") as caught:
        Datasets().get(config, first.name)
    assert caught.value.source is not None
    assert changes(before, caught.value.source.files) == "15 added, 1 removed"


def test_one_study_scans_a_folder_once(root: Path) -> None:
    """A class that is copied in between two variants does not make two sets."""
    config = DataConfig(name="folder", source_dir=str(root), data_dir=str(root.parent / "cache"))
    datasets = Datasets()
    first = datasets.get(config)
    shutil.copytree(root / "cat", root / "new")
    second = datasets.get(dataclasses.replace(config, train_examples=10, flip=True))
    assert (second.name, second.num_classes) == (first.name, 3)
