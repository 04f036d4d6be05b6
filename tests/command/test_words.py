"""Words, positional arguments and names of configs become flags; help fits a screen."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from programs import run_bad_input

from depthstudy import __version__, config
from depthstudy.command.registry import COMMANDS

DOOR = "tests/helpers/door.py"


def output(*arguments: str) -> str:
    done = run_bad_input(*arguments, script=DOOR)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_screen(name: str) -> None:
    text = output(*([name, "--help"] if name else []))
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= 80
    if name:
        assert f"depthstudy {name}" in text.splitlines()[0]
        assert text == output("help", name)
    else:
        assert all(f"\n  {command} " in text for command in COMMANDS)


def test_what_is_given_several_times_is_no_list() -> None:
    text = output("analyze", "--help")
    assert "\n  --run=TEXT " in text
    assert "\n  --probes=A,B " in text


def test_the_version_and_help_of_the_module() -> None:
    module = [sys.executable, "-m", "depthstudy"]
    version, text = (
        subprocess.run([*module, *words], capture_output=True, text=True, check=True).stdout
        for words in (["--version"], ["run", "--help"])
    )
    assert version == f"depthstudy {__version__}\n"
    assert "python -m depthstudy run" in text.splitlines()[0]


def test_every_setting_is_listed_with_its_meaning() -> None:
    text = output("settings")
    names = set(re.findall(r"(?m)^config\.(\S+) = ", text))
    assert {"seeds", "train.epochs", "data.validation", "hypotheses[].margin"} <= names
    assert {"pools[].name", "pools[].variants", "pools[].kind"} <= names
    assert all(setting.meaning for setting in config.describe_settings())
    matches = re.findall(r"(?m)^config\.(\S+) = ", output("settings", "WARMUP"))
    assert matches == ["train.warmup_steps"]
    assert "config.train.learning_rate = 0.1\n" in output("settings", "config.train.learning")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run_bad_input(*arguments, script=DOOR, cwd=cwd)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "no command 'rnu'; did you mean run? allowed: run, merge, plan, report"),
        (["run"], "give --config=FILE, or a config by name: base, cifar10_he2015"),
        (["run", "quickstat"], "no config 'quickstat'; did you mean quickstart?"),
        (["run", "quickstart", "stray"], "unexpected argument 'stray'; flags begin with --"),
        (["run", "--config=quickstart", "stray"], "unexpected argument 'stray'"),
        (["run", "quickstart", "--config.seeds=0"], "config.seeds: expected `int` >= 1"),
        (["run", "quickstart", "--shard=5/4"], "--shard=5/4 is none; give its number and how many"),
        (["run", "quickstart", "--shard=0/4"], "--shard=0/4 is none"),
        (["run", "quickstart", "--shard=a/b"], "--shard=a/b is none"),
        (["run", "quickstart", "--shard=1/40"], "only 24 parts of this study"),
        (["merge", "absent"], "give --workdir=FOLDER"),
        (["merge", "--workdir=all"], "give the folders of all shards"),
        (["merge", "absent", "--workdir=all"], "absent holds no shard of a study"),
        (["report", "absent"], "absent holds neither a finished study nor an analysis"),
        (["report"], "give the folder of a study"),
        (["predict", "absent"], "give a study and images"),
        (["predict", "absent", "images"], "absent holds no run"),
        (["predict", "absent", "images", "--out=."], "--out=. is a folder or a device; give a fi"),
        (
            ["predict", "absent", "images", "--out=/dev/null"],
            "--out=/dev/null is a folder or a dev",
        ),
        (["export", "absent"], "absent holds no run"),
        (["settings", "nothing_like_it"], "no setting has 'nothing_like_it'"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_config_is_run_by_its_name_from_any_folder(tmp_path: Path) -> None:
    done = run("run", "base", "--workdir", str(tmp_path / "work"), "--dry_run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "resnet_depth20     20    269,434 2,516,608" in done.stdout
    assert not list(tmp_path.iterdir())
