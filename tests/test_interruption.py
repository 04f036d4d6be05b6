"""What a signal does at moments at which an exception would be lost or shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import signal, time
from depthstudy import interruption

interruption.install()
interruption.begin()
try:
    import slow_module
    assert slow_module.IS_WHOLE
    time.sleep(5)
except KeyboardInterrupt:
    print("whole" if "slow_module" in globals() else "torn", flush=True)
    interruption.end()
"""
_MODULE = """
import os, signal, time
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(0.2)
IS_WHOLE = True
"""


def test_a_module_that_is_imported_is_imported_to_its_end(tmp_path: Path) -> None:
    """C code that imports a module prints what comes up there, as a page."""
    (tmp_path / "slow_module.py").write_text(_MODULE)
    (tmp_path / "program.py").write_text(_PROGRAM)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        cwd=Path(__file__).parents[1],
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "whole\n")
    assert done.stderr == "interrupted; run the same command to go on\n"
