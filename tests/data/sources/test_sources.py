"""From the name of a set to its source, and where sets are prepared."""

from __future__ import annotations

from pathlib import Path

import pytest

from depthstudy.config import DataConfig
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
    assert source.name == "fashion_mnist/1.0.0"
    assert source.split_names == ("train", "test")
    assert (garments / "depthstudy" / "fashion_mnist" / "1.0.0" / "features.json").is_file()


def test_without_xdg_the_cache_is_at_home(garments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(garments))
    open_source(garments_config(garments))
    assert (garments / ".cache" / "depthstudy" / "fashion_mnist" / "1.0.0").is_dir()


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


def test_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'digit' is not prepared in"):
        open_source(DataConfig(validation=0.0, name="digit", data_dir=str(tmp_path)))


def test_the_names_of_ours_are_those_of_the_documentation() -> None:
    for name in SOURCES:
        assert f'"{name}"' in (DataConfig.__doc__ or "")
