"""A host that follows the one that writes."""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Any

import pytest

from depthstudy.execute.executors import all_hosts


class Board:
    """Messages in this process."""

    def __init__(self) -> None:
        self.messages: dict[str, Any] = {}
        self.counts: collections.Counter[str] = collections.Counter()

    def write(self, name: str, value: Any) -> None:
        self.messages[name] = value

    def read(self, name: str) -> Any:
        return self.messages[name]

    def next_number(self, name: str) -> int:
        self.counts[name] += 1
        return self.counts[name] - 1


def test_a_second_study_is_followed_from_its_own_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board()
    monkeypatch.setattr("depthstudy.hosts.board", lambda: board)
    monkeypatch.setattr("depthstudy.hosts.number", lambda: 1)
    for text in ("first", "second"):
        (tmp_path / all_hosts._PROOF).write_text(text)
        all_hosts._ask(all_hosts._Look(tmp_path, text))
        all_hosts._ask(None)
        all_hosts.follow()
    seen = {name: sees for name, sees in board.messages.items() if name.startswith("seen")}
    assert seen == {"seen/0/1": True, "seen/2/1": True}
