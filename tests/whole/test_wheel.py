"""The wheel in a fresh environment: the command, its configs and its pages, outside a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGS = {str(path.relative_to(ROOT)) for path in (ROOT / "depthstudy/configs").rglob("*.py")}


def call(*command: str | Path, cwd: Path) -> str:
    kept = ("PYTHONPATH", "XLA_FLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT, cwd=folder
    )
    (path,) = folder.glob("depthstudy-*.whl")
    return path


@pytest.mark.slow
def test_configs_templates_and_types_are_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= CONFIGS
    assert "depthstudy/py.typed" in names
    templates = {str(p.relative_to(ROOT)) for p in (ROOT / "depthstudy/report").rglob("*.html")}
    assert templates
    assert names >= templates


@pytest.mark.slow
def test_a_study_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env")
    python, command = (tmp_path / "env" / "bin" / name for name in ("python", "depthstudy"))
    quickly = ("--quiet", "--no-compile", "-c", ROOT / "constraints.txt")
    call(sys.executable, "-m", "pip", "--python", python, "install", *quickly, wheel, cwd=tmp_path)
    assert call(command, "--version", cwd=tmp_path).startswith("depthstudy ")
    assert "usage: depthstudy COMMAND" in call(command, cwd=tmp_path)
    assert "--dry_run" in call(command, "run", "--help", cwd=tmp_path)
    assert "config.seeds = 1" in call(command, "settings", cwd=tmp_path)
    assert "18 runs" in call(command, "run", "quickstart", "--dry_run", cwd=tmp_path)
    output = call(command, "run", "base", "--config.train.steps=4", cwd=tmp_path)
    assert "report: results/study/report.html" in output
    output = call(command, "export", "results/study", cwd=tmp_path)
    assert "net.safetensors: logits differ by" in output
    call(python, "-c", "import depthstudy; print(depthstudy.load('results/study'))", cwd=tmp_path)
