"""A folder that cannot be written is named before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from trained_nets import write_run

from depthstudy import analysis, arch, bench, store


def _analyze(out: Path) -> object:
    spec = arch.build("plain", depth=8, layout="cifar", width=4, num_classes=2)
    run = write_run(out.parents[1] / "study", spec, ("a", "b"), (8, 8, 1))
    return analysis.analyze([run], out)


def _analyze_weights(out: Path) -> object:
    return analysis.analyze_weights(out.parent / "no_file", None, out)


def _bench(out: Path) -> object:
    return bench.run(["help"], out, peer=None, rounds=1, command="", tell=print)


@pytest.mark.parametrize("work", [_analyze, _analyze_weights, _bench])
def test_it_is_noticed_before_the_work(
    work: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("it was measured")

    monkeypatch.setattr(bench, "measure", fail)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as raised:
        work(tmp_path / "file" / "out")
    assert raised.value.filename == str(tmp_path / "file")


def test_a_folder_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.require_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # which root never sees
    with pytest.raises(PermissionError) as raised:
        store.require_writable(tmp_path / "a" / "b")
    assert raised.value.filename == str(tmp_path)
