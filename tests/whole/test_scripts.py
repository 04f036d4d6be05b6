"""The program as a user runs it: its exit codes and its one line on bad input."""

from __future__ import annotations

import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUICKSTART = "--config=configs/quickstart.py"


def run(*arguments: str, script: str = "scripts/run.py") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, script, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


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
            "config.model.depth is swept over (8, 20, 32, 56)",
        ),
        ([QUICKSTART, "--config.data.name=no_such_set"], "tfds build no_such_set"),
        ([QUICKSTART, "stray"], "unexpected argument 'stray'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = run(*arguments, f"--workdir={tmp_path / 'work'}")
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
    done = run(*arguments, workdir, script="scripts/analyze.py")
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(("processes", "kills"), [(1, 1), (2, 2)])
def test_a_killed_study_ends_at_the_same_bits(
    processes: int, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XLA_FLAGS")  # several processes are for a single device
    arguments = (f"--kills={kills}", "--steps=30", f"--processes={processes}")
    done = run(*arguments, script="tests/whole/kill.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bit-identical" in done.stdout


def test_an_interrupted_study_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XLA_FLAGS")
    command = [sys.executable, "scripts/run.py", QUICKSTART, "--config.processes=2"]
    study = subprocess.Popen(
        [*command, f"--workdir={tmp_path}"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.glob("runs/*/*/run.json")):
        assert study.poll() is None
        time.sleep(0.1)
    study.send_signal(signal.SIGINT)
    _, said = study.communicate(timeout=60)  # until all that could write to it have ended
    assert study.returncode == 130
    assert said.splitlines()[-1] == "interrupted; run the same command to go on"
    assert "Traceback" not in said


@pytest.mark.slow
def test_twenty_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS")
    done = run("--kills=20", "--processes=2", script="tests/whole/kill.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("config", sorted(Path("configs").glob("*.py")), ids=str)
def test_every_config_is_valid(config: Path) -> None:
    from depthstudy import config as checks

    get_config = runpy.run_path(str(ROOT / config))["get_config"]
    assert checks.parse(get_config()).seeds >= 1


def test_help_is_quick() -> None:
    import time

    start = time.perf_counter()
    assert "--workdir" in run("--help").stdout
    assert time.perf_counter() - start < 6  # 2 s on a machine that does nothing else
