from __future__ import annotations

from pathlib import Path

import pytest

from depthstudy.config import DataConfig
from depthstudy.data.sources.registry import open_source
from depthstudy.errors import InputError


def test_digits_are_prepared_in_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = open_source(DataConfig())
    assert source.name == "digits/1.0.0"
    assert (tmp_path / "depthstudy" / "digits" / "1.0.0" / "features.json").is_file()


def test_without_xdg_the_cache_is_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    open_source(DataConfig())
    assert (tmp_path / ".cache" / "depthstudy" / "digits" / "1.0.0").is_dir()


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"digits cannot be prepared in .* set data.data_dir"):
        open_source(DataConfig(data_dir=str(tmp_path / "file")))


def test_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'digit' is not prepared in"):
        open_source(DataConfig(name="digit", data_dir=str(tmp_path)))
