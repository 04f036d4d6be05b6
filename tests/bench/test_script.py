"""scripts/bench.py as a user runs it, without PyTorch."""

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/bench.py", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XLA_FLAGS": ""}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_one_work_is_measured_and_written(tmp_path: Path) -> None:
    done = run("--only=input_32", "--rounds=2", f"--workdir={tmp_path}")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "bench.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["work"] == "input_32"
    assert 0 < float(row["ours_ms"]) < 10_000
    assert row["peer_ms"] == row["ratio"] == ""
    assert "| input_32 |" in done.stdout


def test_bad_input_is_one_line() -> None:
    done = run("--only=no_such_work")
    assert done.returncode == 2
    assert done.stderr.startswith("error: no work 'no_such_work'; allowed: resnet20_32")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is there")
def test_an_absent_peer_is_one_line(tmp_path: Path) -> None:
    done = run("--peer=torch", "--only=resnet20_8", f"--workdir={tmp_path / 'x'}")
    assert done.returncode == 2
    assert "pip install 'depthstudy[bench]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()
