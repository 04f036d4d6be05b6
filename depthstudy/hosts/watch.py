"""A thread of each host that hears of the others: one has gone, has failed, or is asked to end."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import NamedTuple

from depthstudy import interruption
from depthstudy.hosts.agreement import Agreement
from depthstudy.hosts.board import Board
from depthstudy.hosts.native_end import GONE, NativeEnd

GONE_SECONDS = 20.0  # without a sign of life, after which a host is taken to be gone
_PAUSE = 0.25  # seconds between two looks
_ALIVE, _FAILED, _ENDED, _STOP = "alive", "failed", "ended", "stop"


class Failure(NamedTuple):
    """What ended a host: its line, and its exit code."""

    line: str
    code: int


class Watch:
    """Looks after the other hosts; where one cannot go on, this one ends with one line."""

    def __init__(
        self,
        board: Board,
        host: int,
        hosts: int,
        agreement: Agreement,
        native_end: NativeEnd,
    ) -> None:
        """Starts the thread, which shows what native code writes as well."""
        self._board, self._host, self._hosts, self._agreement = board, host, hosts, agreement
        self._native_end = native_end
        self._over = self._stopping = False
        self._seen: dict[str, tuple[int, float]] = {}  # of each host its sign, and when it came
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._over = True
        self._thread.join()

    def report(self, failure: Failure | None, seconds: float) -> None:
        """Tells the others that this host ends, and waits a while for them to do so.

        Args:
          failure: Why; ``None`` where it was asked to.
          seconds: How long it waits at most. The store ends with the process of the first host.
        """
        if failure is None:
            self._board.write(f"{_STOP}/{self._host}", True, again=True)
        else:
            self._board.write(f"{_FAILED}/{self._host}", failure, again=True)
        self._board.write(f"{_ENDED}/{self._host}", True, again=True)
        if self._host == 0:
            self._board.wait_for(_ENDED, self._hosts, seconds)

    def _run(self) -> None:
        sign = 0
        while not self._over:
            self._native_end.show()
            sign += 1
            try:
                self._board.write(f"{_ALIVE}/{self._host}", sign, again=True)
                self._look()
            except RuntimeError:  # the store has gone: JAX ends this process, see ``native_end``
                pass
            time.sleep(_PAUSE)

    def _look(self) -> None:
        for host, failure in self._board.under(_FAILED).items():
            if int(host) != self._host:
                self._end(f"host {host}: {failure.line}", failure.code)
        if interruption.requested() and not self._stopping:
            self._board.write(f"{_STOP}/{self._host}", True, again=True)
        if not self._stopping and self._board.under(_STOP):
            self._stopping = True
            if not interruption.requested():
                os.kill(os.getpid(), signal.SIGTERM)
            self._agreement.settle(self._board, self._host, self._hosts)
        now = time.monotonic()
        for host, sign in self._board.under(_ALIVE).items():
            if self._seen.get(host, (None, now))[0] != sign:
                self._seen[host] = (sign, now)
        ended = self._board.under(_ENDED)
        for host, (_, when) in self._seen.items():
            if now - when > GONE_SECONDS and host not in ended:
                self._end(GONE.format(f"host {host}"), 1)

    def _end(self, line: str, code: int) -> None:
        if interruption.requested():
            interruption.end()
        self._native_end.say(line, code)
        with contextlib.suppress(RuntimeError):
            self._board.write(f"{_ENDED}/{self._host}", True, again=True)
        os._exit(code)
