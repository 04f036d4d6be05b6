"""Flags of several hosts that do not fit together: one line, exit code 2, nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import run_bad_input


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (
            ["--coordinator=127.0.0.1:1234", "--process_id=0"],
            "--process_count missing: several hosts need --coordinator=HOST:PORT, --process_id and "
            "--process_count",
        ),
        (
            ["--process_id=1", "--process_count=2"],
            "--coordinator missing: several hosts need --coordinator=HOST:PORT, --process_id and "
            "--process_count",
        ),
        (
            ["--coordinator=127.0.0.1", "--process_id=0", "--process_count=2"],
            "--coordinator=127.0.0.1 has to be HOST:PORT, the address of the first host with a free"
            " port, as 10.0.0.1:1234",
        ),
        (
            ["--coordinator=127.0.0.1:1234", "--process_id=2", "--process_count=2"],
            "--process_id=2 has to be from 0 to 1, as there are --process_count=2",
        ),
        (
            ["--coordinator=127.0.0.1:1234", "--process_id=0", "--process_count=0"],
            "--process_count=0 has to be at least 1",
        ),
        (
            ["--distributed", "--process_id=0"],
            "--distributed finds the hosts in the environment; give it alone, or --coordinator, "
            "--process_id and --process_count",
        ),
        (
            ["--distributed"],
            "--distributed finds no hosts in the environment (coordinator_address should be "
            "defined.); it does on a TPU pod and under SLURM, Open MPI or Kubernetes; elsewhere "
            "give --coordinator, --process_id and --process_count",
        ),
    ],
)
def test_bad_flags_are_one_line(flags: list[str], line: str, tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    done = run_bad_input("--config=configs/base.py", f"--workdir={workdir}", *flags)
    assert (done.returncode, done.stderr) == (2, f"error: {line}\n")
    assert not workdir.exists()
