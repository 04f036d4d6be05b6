"""A search that is killed at any line of its journal ends with the same nets as one that is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from depthstudy.config import Settings
from depthstudy.search import Gene, Genome, Space
from depthstudy.search.campaign.engine import Engine, Search
from depthstudy.search.space.draws import FinishedTrial, Method, Priced, Rejected


class Idle(Space):
    """A space whose last gene has no effect, so that nets are proposed that are known already."""

    def settings(self, genome: Genome) -> Settings:
        return genome[:-1]


SPACE = Idle(
    (
        Gene("depth", (2, 4, 6, 8, 10, 12)),
        Gene("kind", ("a", "b")),
        Gene("idle", ("x", "y", "z")),
    )
)


def price(genome: Genome) -> Priced | Rejected:
    depth = float(str(dict(genome)["depth"]))
    if depth > 10:
        return Rejected("macs", 0.2, depth)
    return Priced(SPACE.settings(genome), depth)


def opened(path: Path, method: Method, trials: int) -> Search:
    return Engine(path).search(
        "small", SPACE, price, method=method, seed=1, trials=trials, startup=2
    )


def go(search: Search) -> list[FinishedTrial]:
    while proposals := search.propose(3):
        for number, genome in proposals:
            given = dict(genome)
            depth = float(str(given["depth"]))
            search.tell(number, abs(depth - 6) / 10 + 0.05 * (given["kind"] == "b"), depth)
    return search.finished_trials()


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals are written hundreds of times, and no machine stops meanwhile."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.parametrize(("method", "trials"), [("random", 5), ("tpe", 6), ("nsga2", 6)])
def test_a_kill_at_any_line_changes_no_net(method: Method, trials: int, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    whole = go(opened(path, method, trials))
    lines = path.read_bytes().splitlines(keepends=True)
    if method != "random":  # which draws neither
        assert any(trial.reason for trial in whole)
        assert any(trial.same_as is not None for trial in whole)
    for count in range(len(lines)):
        path.write_bytes(b"".join(lines[:count]))
        assert go(opened(path, method, trials)) == whole, f"cut after line {count}"


def test_searches_of_one_journal_are_killed_together(tmp_path: Path) -> None:
    def both(path: Path) -> list[list[FinishedTrial]]:
        engine = Engine(path)
        searches = [
            engine.search(f"{seed}", SPACE, price, method="tpe", seed=seed, trials=3, startup=1)
            for seed in (1, 2)
        ]
        return [go(search) for search in searches]

    path = tmp_path / "journal"
    whole = both(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for count in range(0, len(lines), 3):
        path.write_bytes(b"".join(lines[:count]))
        assert both(path) == whole, f"cut after line {count}"
