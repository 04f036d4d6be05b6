"""The tutorial runs from top to bottom, and the net at its end classifies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from programs import ROOT

NOTEBOOK = ROOT / "docs" / "tutorial.ipynb"


def source() -> str:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_every_cell_is_python() -> None:
    compile(source(), str(NOTEBOOK), "exec")


@pytest.mark.slow
def test_the_cells_run(tmp_path: Path) -> None:
    check = "\nassert (predictions.labels != labels[1500:]).mean() < 0.5, predictions.labels\n"
    done = subprocess.run(
        [sys.executable, "-c", source() + check],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Cost(parameters=" in done.stdout
