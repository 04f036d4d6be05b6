"""The program as a user runs it: its exit codes and its one line on bad input."""

from __future__ import annotations

import runpy
import signal
import time
from pathlib import Path

import pytest
from programs import ROOT, run_bad_input, run_script, start_interruptible

QUICKSTART = "--config=configs/quickstart.py"
KILL = "tests/whole/kill.py"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --config=FILE"),
        (["--config=configs/missing.py"], "configs/missing.py"),
        ([QUICKSTART, "--config.model.depht=8"], "did you mean 'depth'? allowed: family, depth"),
        ([QUICKSTART, "--config.model.depth=deep"], "invalid literal for int"),
        ([QUICKSTART, "--config.train.optimizer=adam"], "allowed: sgd, adamw"),
        ([QUICKSTART, '--config.sweep={"model.depth": (8,)}'], "config.sweep[0]: expected"),
        (["--config=configs/base.py:large"], "get_config() takes 0 positional arguments"),
        ([f"{QUICKSTART}:no_such_set"], "tfds build no_such_set"),
        (
            [QUICKSTART, "--config.model.depth=56"],
            "config.model.depth is swept over (8, 20, 56)",
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
        (["--weights=b"], "--weights needs --family=NAME"),
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


def test_a_killed_study_ends_at_the_same_bits() -> None:
    done = run_script("--kills=1", "--families=plain", "--seeds=1", "--steps=100", script=KILL)
    assert done.returncode == 0, done.stdout + done.stderr
    killed, end = done.stdout.splitlines()
    assert killed == "kill 1: 3 saves, 0 of 1 runs were done"
    assert end == "1 kills: final parameters bit-identical"


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "kills"), [(1, 2), (2, 20)])
def test_many_kills(processes: int, kills: int) -> None:
    done = run_script(f"--kills={kills}", f"--processes={processes}", script=KILL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("runs were done") == kills


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
    assert "--workdir" in run_script("--help").stdout
