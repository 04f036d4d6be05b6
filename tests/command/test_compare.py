"""Studies side by side from the command line: what is there is not written over."""

from __future__ import annotations

import subprocess
from pathlib import Path

import made_study
import pytest
from programs import run_bad_input

from depthstudy import store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one", "other"):
        made_study.fake_study(tmp_path / name)
    return tmp_path


def compare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_bad_input("compare", *arguments, script="tests/helpers/door.py", cwd=folder)


def test_all_that_is_there_is_compared_again(folder: Path) -> None:
    for _ in range(2):  # the second time the comparison is there, too
        every = sorted(f"{path.name}/" for path in folder.iterdir())
        done = compare(folder, "one", *every, "--workdir=together")
        assert done.returncode == 0, done.stderr
        assert (folder / "together/comparison.html").exists()


def test_a_study_is_not_written_over(folder: Path) -> None:
    done = compare(folder, "one", "other", "--workdir=one")
    assert done.returncode == 2
    assert done.stderr == (
        "error: one holds a study, whose verdicts.csv would be written over; take another"
        " --workdir\n"
    )
    assert store.read_info(folder / "one") is not None
