"""scripts/bench.py as a user runs it, without PyTorch."""

import csv
import importlib.util
from pathlib import Path

import pytest
from programs import run_bad_input, run_script

BENCH = "scripts/bench.py"


@pytest.mark.slow
def test_one_work_is_measured_and_written(tmp_path: Path) -> None:
    done = run_script("--only=input_32", "--rounds=2", f"--workdir={tmp_path}", script=BENCH)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "bench.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["work"] == "input_32"
    assert 0 < float(row["ours_ms"]) < 10_000
    assert row["peer_ms"] == row["ratio"] == ""
    assert "| input_32 |" in done.stdout


def test_bad_input_is_one_line() -> None:
    done = run_bad_input("--only=no_such_work", script=BENCH)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no work 'no_such_work'; allowed: resnet20_32")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is there")
def test_an_absent_peer_is_one_line(tmp_path: Path) -> None:
    words = ("--peer=torch", "--only=resnet20_8", f"--workdir={tmp_path / 'x'}")
    done = run_bad_input(*words, script=BENCH)
    assert done.returncode == 2
    assert "pip install 'depthstudy[bench]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()
