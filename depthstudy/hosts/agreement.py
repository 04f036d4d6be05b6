"""Which check is the last for all hosts that do a task in step, when one is asked to end.

A step of one net over all devices ends on a host only once the others take it, too. So all have to
stop after the same one. Each counts its checks (``interruption.check``); when a stop is asked for,
a thread of each says how far it is, and lets it check no further before all have said so. All stop
at the check after the farthest. A host may be inside a step, waiting for one that is held at its
check; but its count is known without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from depthstudy.hosts.board import Board

_PLACES = "stop_at"
_SECONDS = 5.0  # in which all hosts have to say how far they are
Place = tuple[int, int]  # number of a task done in step, and of a check in it


class Agreement:
    """How far this host is, and where all stop."""

    def __init__(self) -> None:
        """Has done nothing in step yet."""
        self._lock = threading.Lock()
        self._place: Place = (0, 0)
        self._last: Place | None = None

    def begin(self) -> Callable[[], bool]:
        """Begins the next task, and returns what says at each check whether it is the last one."""
        with self._lock:
            self._place = (self._place[0] + 1, 0)
        return self._is_last

    def _is_last(self) -> bool:
        with self._lock:
            self._place = (self._place[0], self._place[1] + 1)
            return self._last is not None and self._place >= self._last

    def settle(self, board: Board, host: int, hosts: int) -> None:
        """Finds out where all stop; called once, by a thread of each host."""
        with self._lock:
            board.write(f"{_PLACES}/{host}", self._place)
            places = board.wait_for(_PLACES, hosts, _SECONDS).values()
            if len(places) == hosts:
                task, check = max(places)
                self._last = (task, check + 1)
