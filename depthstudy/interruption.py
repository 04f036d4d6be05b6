"""SIGINT, SIGTERM and SIGHUP: a process saves what it is training, says one line, and ends.

Python runs a signal's handler between two of its own instructions, so a compilation of minutes
would keep it waiting, and an exception that a handler raises can be swallowed by whoever is
running. So a thread, which is told of signals by a pipe, ends the process after a while in any
case. That is safe at any moment, as every file is written whole or not at all.

Imports nothing that takes time: scripts install it before all else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

EXIT_CODE = 130
GRACE_SECONDS = 9.0  # to save and to end; who preempts a machine usually gives ten or more
_AGAIN_SECONDS = 0.02  # until what would swallow an exception is over
_LINE = "interrupted; run the same command to go on"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InterruptedByUserError(KeyboardInterrupt):
    """Raised where ``check`` finds that the process was asked to end."""


class _Handler:
    """Handles the signals of a process, and knows whether one has come."""

    def __init__(self) -> None:
        self.requested = self.is_running = self.is_told = self.is_repeated = False
        self.deferring = 0
        self.is_due: Callable[[], bool] | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Ends a process that is starting, or whose user insists, at once."""
        is_repeated, self.is_repeated = self.is_repeated, False
        if not is_repeated:
            if not self.is_running or (self.requested and number == signal.SIGINT):
                self.end()
            if self.requested:
                return
        self.requested = True
        if self.deferring:
            return
        if _is_importing(frame):
            self._again()
            return
        raise KeyboardInterrupt

    def end(self) -> None:
        """Says so, if it was not said yet, and ends the process without further ado."""
        if not self.is_told:
            self.is_told = True
            with contextlib.suppress(OSError):
                os.write(2, f"{_LINE}\n".encode())
        os._exit(EXIT_CODE)

    def repeat(self, swallowed: sys.UnraisableHookArgs) -> None:
        """Handles the signal once more where its exception came up in a destructor or the like."""
        if not (self.requested and issubclass(swallowed.exc_type, KeyboardInterrupt)):
            sys.__unraisablehook__(swallowed)
            return
        self._again()

    def _again(self) -> None:
        """Handles the signal once more in a moment."""
        self.is_repeated = True
        number = next(n for n in _SIGNALS if signal.getsignal(n) is self)
        main = threading.main_thread().ident
        threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (main, number)).start()

    def watch(self, pipe: int) -> None:
        """Ends the process some time after a signal."""
        while os.read(pipe, 1)[0] not in _SIGNALS:
            pass
        time.sleep(GRACE_SECONDS)
        self.end()


def _is_importing(frame: FrameType | None) -> bool:
    """Returns whether a module is imported, maybe by C code, which prints what it cannot handle."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def install() -> None:
    """Handles those of the signals that the process was not told to ignore; call it first."""
    if _handler() is not None:
        return
    handler = _Handler()
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)
    sys.unraisablehook = handler.repeat
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=handler.watch, args=(reading,), daemon=True).start()


def begin() -> None:
    """From now on a signal raises KeyboardInterrupt: there is something to end in order."""
    if (handler := _handler()) is not None:
        handler.is_running = True


def over() -> None:
    """From now on signals change nothing: all is done, and the process is about to end."""
    for number in _SIGNALS:
        if isinstance(signal.getsignal(number), _Handler):
            signal.signal(number, signal.SIG_IGN)


def requested() -> bool:
    """Returns whether the process was asked to end."""
    handler = _handler()
    return handler is not None and handler.requested


def check() -> None:
    """Raises InterruptedByUserError where the process was asked to end."""
    handler = _handler()
    if handler is not None and (handler.is_due or requested)():
        raise InterruptedByUserError


@contextlib.contextmanager
def deferred(is_due: Callable[[], bool] | None = None) -> Iterator[None]:
    """Has signals raise nothing but in ``check``, and at the end.

    Args:
      is_due: Called by each ``check``, says whether it raises; ``None`` is ``requested``. Several
        hosts have to stop at the same one.
    """
    if (handler := _handler()) is None:
        yield
        return
    handler.deferring += 1
    handler.is_due, before = is_due, handler.is_due
    try:
        yield
    finally:
        handler.deferring -= 1
        handler.is_due = before
    check()


@contextlib.contextmanager
def withheld() -> Iterator[None]:
    """Has processes that are started within take no signals: whoever starts them ends them.

    They inherit that signals are held back, so that none gets through while they start. One that
    comes for this process meanwhile is handled at the end.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end() -> None:
    """Ends a process that was interrupted, with one line, whatever its threads are doing."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    (_handler() or _Handler()).end()


def _handler() -> _Handler | None:
    handlers = map(signal.getsignal, _SIGNALS)
    return next((handler for handler in handlers if isinstance(handler, _Handler)), None)
