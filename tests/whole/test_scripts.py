"""The program as a user runs it: its exit codes and its one line on bad input."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import ROOT, run_bad_input, run_script, start_interruptible

QUICKSTART = "--config=configs/quickstart.py"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --config=FILE"),
        (["--config=configs/quickstrat.py"], "did you mean configs/quickstart.py?"),
        ([QUICKSTART, "--seeds=5"], "no flag --seeds; did you mean --config.seeds?"),
        ([QUICKSTART, "--dry_urn"], "did you mean --dry_run?"),
        ([QUICKSTART, "--config.train.learning_rate=inf"], "has to be a finite number"),
        ([QUICKSTART, "--config.name=../../x"], "has to be a folder's name"),
        (
            [QUICKSTART, "--config.sweep=((model.depth, (8, 14)),)"],
            """quote a value that has brackets, spaces or quotes, as in --config.sweep='(("model""",
        ),
        ([QUICKSTART, "--config.sweep=(8,", "14)"], "quote a value that has brackets"),
        ([QUICKSTART, "--config.model.depht=8"], "did you mean 'depth'? allowed: family, depth"),
        ([QUICKSTART, "--config.model.depth=deep"], "invalid literal for int"),
        ([QUICKSTART, "--config.train.optimizer=adam"], "allowed: sgd, adamw"),
        ([QUICKSTART, '--config.sweep={"model.depth": (8,)}'], "config.sweep[0]: expected"),
        (["--config=configs/base.py:large"], "error: base.py takes no argument: leave out :large"),
        ([f"{QUICKSTART}:no_such_set"], "tfds build no_such_set"),
        (
            [QUICKSTART, "--config.model.depth=56"],
            "config.model.depth is swept over (8, 20, 38)",
        ),
        ([QUICKSTART, "--config.data.name=no_such_set"], "tfds build no_such_set"),
        ([QUICKSTART, "stray"], "unexpected argument 'stray'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = run_bad_input(*arguments, f"--workdir={tmp_path / 'work'}")
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either --run=FOLDER"),
        (["--run=a", "--weights=b", "--family=vgg"], "give either --run=FOLDER"),
        (["--weights=b"], "cannot read b: No such file"),
        (["--run=a", "--family=vgg"], "--family goes with --weights only"),
        (["--weights=b", "--family=vgg", "--step=0"], "--step goes with --run only"),
        (["--weights=absent.pth", "--family=mobilenet_v2"], "cannot read absent.pth: No such file"),
        (["--weights=README.md", "--family=mobilenet_v2"], "not a file of PyTorch weights"),
    ],
)
def test_bad_input_of_an_analysis(arguments: list[str], message: str, tmp_path: Path) -> None:
    workdir = f"--workdir={tmp_path / 'work'}"
    done = run_bad_input(*arguments, workdir, script="scripts/analyze.py")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "work").exists()


def test_a_platform_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run_script(QUICKSTART, f"--workdir={tmp_path / 'work'}", JAX_PLATFORMS="cuda")
    assert done.returncode == 2
    assert done.stderr.startswith("error: JAX_PLATFORMS=cuda is not to be had here")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_gone_is_one_line() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, str(ROOT / "scripts/analyze.py"), "--list_probes"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert process.returncode == 1
    assert process.stderr == "error: whoever read the output has gone; the same command goes on\n"


@pytest.mark.slow
def test_an_interrupted_study_leaves_no_process(tmp_path: Path) -> None:
    study = start_interruptible(
        QUICKSTART,
        f"--workdir={tmp_path}",
        '--config.sweep=(("model.depth", (8,)),)',
        "--config.hypotheses=()",
        "--config.seeds=2",
        "--config.train.steps=1000000",
        "--config.processes=2",
        "--config.tune=()",
    )
    while not list(tmp_path.glob("runs/*/*/run.json")):
        assert study.poll() is None
        time.sleep(0.1)
    study.send_signal(signal.SIGINT)
    _, errors = study.communicate(timeout=60)  # until all that could write to it have ended
    assert study.returncode == 130
    assert errors.splitlines()[-1] == "interrupted; run the same command to go on"
    assert "Traceback" not in errors


@pytest.mark.parametrize("config", sorted(Path("configs").glob("*.py")), ids=str)
def test_every_config_is_valid(config: Path) -> None:
    from depthstudy import config as checks

    get_config = runpy.run_path(str(ROOT / config))["get_config"]
    assert checks.parse(get_config()).seeds >= 1


def test_help_names_the_flags() -> None:
    assert "--workdir" in run_bad_input("--help").stdout
