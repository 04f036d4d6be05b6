"""Hosts that do a task in step stop after the same check, wherever each of them was."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from depthstudy.hosts.agreement import Agreement


class Board:
    """Messages in this process."""

    def __init__(self) -> None:
        self.messages: dict[str, Any] = {}

    def write(self, name: str, value: Any) -> None:
        self.messages[name] = value

    def wait_for(self, folder: str, messages: int, seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while len(self.messages) < messages and time.monotonic() < deadline:
            time.sleep(0.001)
        return dict(self.messages)


@pytest.mark.parametrize("done", [(3, 3), (3, 4), (5, 4)])
def test_all_stop_at_the_check_after_the_farthest(done: tuple[int, int]) -> None:
    board, agreements = Board(), [Agreement(), Agreement()]
    checks = [agreement.begin() for agreement in agreements]
    for check, count in zip(checks, done, strict=True):
        assert not any(check() for _ in range(count))
    threads = [
        threading.Thread(target=agreement.settle, args=(board, host, 2))
        for host, agreement in enumerate(agreements)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stops = []
    for check, count in zip(checks, done, strict=True):
        while not check():
            count += 1
        stops.append(count + 1)
    assert stops == [max(done) + 1] * 2


def test_a_host_that_is_a_task_behind_ends_it_first() -> None:
    board, ahead, behind = Board(), Agreement(), Agreement()
    ahead.begin()
    ends_next, ends_this = ahead.begin(), behind.begin()
    threads = [
        threading.Thread(target=agreement.settle, args=(board, host, 2))
        for host, agreement in enumerate((ahead, behind))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(ends_this() for _ in range(100))
    assert ends_next()
