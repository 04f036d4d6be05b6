"""The command is printed as a shell takes it where the user stands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from depthstudy.command.program import command_line


def test_as_it_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert command_line("run", "base") == ".venv/bin/python -m depthstudy run base"
    script = scripts / "depthstudy"
    script.touch(mode=0o755)
    assert command_line("run", "my study.py") == ".venv/bin/depthstudy run 'my study.py'"
    monkeypatch.chdir(scripts)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert command_line("run") == f"{script} run"
    monkeypatch.setenv("PATH", str(scripts))
    assert command_line("run") == "depthstudy run"
