"""Turns the end that JAX's native code makes of a process whose coordinator has gone into one line.

The client of ``jax.distributed`` aborts the process, from a thread of its own and with a page of
text, as soon as its connection to host 0 is closed or a host has been silent for too long; it asks
nobody. So what native code writes to stderr goes by a file, from which it is shown a moment later,
and SIGABRT has a handler in C, as Python's own would run when all is over. An abort for any other
reason is left as it is, with its text.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import tempfile
import time

from depthstudy import interruption
from depthstudy.errors import TRACEBACK

GONE = "{} has gone, killed or cut off; give the same command on all hosts again, and it goes on"
_OURS = (b"coordination_service", b"JAX distributed service")  # in the text of such an end
_OF_FIRST_HOST = b"Failed to send RPC to coordination service"
_HOLD_SECONDS = 1.0  # that such text is kept back, as the end may follow
_UNBUFFERED = 2  # _IONBF of stdio.h


class NativeEnd:
    """Keeps back what native code writes, and handles SIGABRT."""

    def __init__(self) -> None:
        """Takes over stderr of the C library, not that of Python; only where that is glibc."""
        self._shown, self._held_since = 0, 0.0
        self._code: int | None = None
        self._leaving: int | None = None
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # as long as the process
        self._is_possible = platform.libc_ver()[0] == "glibc"
        if not self._is_possible:
            return
        libc = ctypes.CDLL(None)
        libc.fdopen.restype = ctypes.c_void_p
        stream = ctypes.c_void_p(libc.fdopen(os.dup(self._file.fileno()), b"w"))
        libc.setvbuf(stream, None, _UNBUFFERED, 0)
        self._stderr = ctypes.c_void_p.in_dll(libc, "stderr")
        self._before, self._stderr.value = self._stderr.value, stream.value
        self._handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(self._aborted)
        libc.signal(signal.SIGABRT, self._handler)

    def show(self) -> None:
        """Writes to stderr what came since the last call, unless the end may follow."""
        text = self._unread()
        now = time.monotonic()
        if not any(word in text for word in _OURS):
            self._held_since = now
        elif now - self._held_since < _HOLD_SECONDS:
            return
        self._shown += os.write(2, text) if text else 0

    def say(self, line: str, code: int) -> None:
        """Writes why this process is about to end, unless that was said, and with which code."""
        if self._code is None:
            self._code = code
            os.write(2, f"error: {' '.join(line.split())}\n".encode("utf-8", "replace"))

    def leave(self, code: int) -> None:
        """Takes it that this process ends by itself, with a line of its own and this exit code."""
        self._leaving = code

    def close(self) -> None:
        """Gives stderr back."""
        if self._is_possible:
            self._stderr.value = self._before

    def _unread(self) -> bytes:
        end = os.fstat(self._file.fileno()).st_size
        return os.pread(self._file.fileno(), end - self._shown, self._shown)

    def _aborted(self, number: int) -> None:
        if self._leaving is not None:  # the others were told, and have gone for it
            time.sleep(_HOLD_SECONDS)
            os._exit(self._leaving)
        text = self._unread()
        if not any(word in text for word in _OURS):
            os.write(2, text)
            ctypes.CDLL(None).signal(signal.SIGABRT, None)  # Python's own is for the main thread
            return
        if os.environ.get(TRACEBACK):
            os.write(2, text)
        if interruption.requested():
            interruption.end()
        self.say(GONE.format("host 0" if _OF_FIRST_HOST in text else "another host"), 1)
        os._exit(self._code or 1)
