"""Folders that no set can be made from: one line says why, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from image_folders import mixed_animals, opened, truncate, write

from depthstudy.config import DataConfig
from depthstudy.data import load
from depthstudy.errors import InputError


def bare(tmp_path: Path) -> Path:
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "a" / "x.gif").touch()
    return tmp_path / "images"


def damaged(tmp_path: Path, files: str) -> Path:
    root = write(tmp_path / "images", {"a": 2, "b": 2})
    for path in root.glob(files):
        truncate(path)
    return root


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda tmp: tmp / "absent", r"absent' is not a folder; expected PATH/CLASS/\* or "),
        (bare, r"no images in class folders of .* \(other files or folders: 1\); expected PATH"),
        (lambda tmp: write(tmp / "images", {"a": 5}), r"has only one class, 'a'; at least 2"),
        (
            lambda tmp: write(tmp / "images", {"a": 5, "b": 1, "c": 0}),
            r"too few images in .*: each class needs 2, and there are 1 of 'b', 0 of 'c'$",
        ),
        (
            lambda tmp: write(tmp / "images", {"train/x/a": 5, "other/b": 5}),
            r"has train, but no test, testing, val, valid, validation or dev folder beside it",
        ),
        (
            lambda tmp: write(tmp / "images", {"train/a": 2, "train/b": 2, "test/b": 2}),
            r"has other classes in train than in test; only in train: a$",
        ),
        (
            lambda tmp: write(tmp / "i", {"train/a": 2, "train/b": 0, "val/a": 2, "val/b": 0}),
            r"each class needs 1 in each part, and there are 0 of 'b' in train, 0 of 'b' in val$",
        ),
        (
            lambda tmp: damaged(tmp, "*/*"),
            r"all 4 images in .* are damaged, the first is a/00.png: image file is truncated",
        ),
        (
            lambda tmp: damaged(tmp, "b/00.png"),
            r"too few images in .* \(1 damaged left out\): each class needs 2, .* 1 of 'b'$",
        ),
        (
            lambda tmp: write(tmp / "images", {"a": 2, "b\nc": 2}),
            r"name is not one line of text: 'b\\nc'",
        ),
    ],
)
def test_refusals(
    tmp_path: Path,
    build: Callable[[Path], Path],
    message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        opened(build(tmp_path))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.glob("**/cache"))


def test_no_source_dir(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'folder' needs data.source_dir=PATH, with PATH/CLASS"):
        load(DataConfig(validation=0.0, name="folder", data_dir=str(tmp_path)))


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    root = mixed_animals(tmp_path)
    (root.parent / "cache").touch()
    with pytest.raises(InputError, match=r"images cannot be prepared in .* set data.data_dir"):
        opened(root)
