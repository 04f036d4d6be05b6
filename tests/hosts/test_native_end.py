"""An abort that is not of JAX's hosts stays what it is."""

from __future__ import annotations

import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import ctypes, resource, threading
from depthstudy.hosts.native_end import NativeEnd
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
end = NativeEnd()
threading.Thread(target=ctypes.CDLL(None).abort).start()
threading.Event().wait(60)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="elsewhere it is not handled")
def test_an_abort_in_any_thread_ends_the_process_without_a_page() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (-signal.SIGABRT, b"")
