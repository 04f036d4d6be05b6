"""A checkpoint that is saved again at its step, and a kill between the renames of that."""

from __future__ import annotations

from pathlib import Path

from depthstudy.store import CheckpointReader, CheckpointWriter


def test_the_former_checkpoint_comes_back(tmp_path: Path) -> None:
    """It stood aside, and the one that takes its place was not yet in place."""
    for name in ("8.former.partial", "8.partial"):
        (tmp_path / name / "state").mkdir(parents=True)
    (tmp_path / "8.former.partial/state/kept").touch()
    CheckpointWriter(tmp_path, keep=1).close()
    assert [path.name for path in tmp_path.iterdir()] == ["8"]
    assert CheckpointReader(tmp_path).all_steps() == [8]
    assert (tmp_path / "8/state/kept").exists()


def test_the_former_checkpoint_goes_where_there_is_a_new_one(tmp_path: Path) -> None:
    for name in ("8.former.partial", "8"):
        (tmp_path / name).mkdir()
    CheckpointWriter(tmp_path, keep=1).close()
    assert [path.name for path in tmp_path.iterdir()] == ["8"]
