"""From the name of a set to its source, and where sets are prepared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from depthstudy.config import DataConfig
from depthstudy.data.sources import arrays_file
from depthstudy.data.sources.registry import SOURCES, open_source
from depthstudy.errors import InputError


def garments_config(folder: Path) -> DataConfig:
    return DataConfig(validation=0.0, name="fashion_mnist", source_dir=str(folder))


def test_digits_need_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    source = open_source(DataConfig(validation=0.0, data_dir=str(tmp_path / "file")))
    assert source.name == "digits/1.0.0"
    assert source.split_names == ("train", "test")


def test_sets_are_prepared_in_the_cache_folder(
    garments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(garments))
    source = open_source(garments_config(garments))
    assert re.fullmatch(r"fashion_mnist_[0-9a-f]{16}/1\.0\.0", source.name)
    assert source.split_names == ("train", "test")
    assert (garments / "depthstudy" / source.name / "features.json").is_file()


def test_without_xdg_the_cache_is_at_home(garments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(garments))
    source = open_source(garments_config(garments))
    assert (garments / ".cache" / "depthstudy" / source.name).is_dir()


def test_a_cache_that_cannot_be_written(garments: Path) -> None:
    (garments / "file").touch()
    config = DataConfig(
        validation=0.0,
        name="fashion_mnist",
        source_dir=str(garments),
        data_dir=str(garments / "file"),
    )
    with pytest.raises(InputError, match=r"fashion_mnist cannot be prepared .* set data.data_dir"):
        open_source(config)


@pytest.mark.parametrize("name", ["digits", "cifar10"])
def test_files_that_a_set_does_not_read_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"^data\.source_dir is not read by data\.name='{name}'"):
        open_source(DataConfig(name=name, source_dir="mine"))


@pytest.mark.parametrize("name", ["digits", "fashion_mnist", "object_folder", "cifar10"])
def test_labels_that_a_set_does_not_read_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"^data\.labels_csv is not read .*data\.name='folder'$"):
        open_source(DataConfig(name=name, labels_csv="labels.csv"))
    with pytest.raises(InputError, match=r"^data\.labels_csv is not read: a file of arrays"):
        open_source(DataConfig(name=arrays_file.NAME, source_dir="x.npz", labels_csv="labels.csv"))


def test_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'digit' is not prepared in"):
        open_source(DataConfig(validation=0.0, name="digit", data_dir=str(tmp_path)))


def test_the_names_of_ours_are_those_of_the_documentation() -> None:
    for name in SOURCES:
        assert f'"{name}"' in (DataConfig.__doc__ or "")
