"""Searches of a planted space: they find the front, keep to their cost, and survive a kill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import planted_space as planted
import pytest

pytest.importorskip("optuna")

from depthstudy.errors import InputError
from depthstudy.search import Gene, Space
from depthstudy.search.campaign.engine import Engine, Proposal, Search
from depthstudy.search.space.draws import FinishedTrial, Method

METHODS: tuple[Method, ...] = ("random", "tpe", "nsga2")


def opened(path: Path, method: Method, trials: int, seed: int = 3) -> Search:
    return Engine(path).search(
        "planted", planted.SPACE, planted.pricing(), method=method, seed=seed, trials=trials
    )


def go(search: Search, generation: int = 4) -> list[FinishedTrial]:
    while proposals := search.propose(generation):
        for number, genome in proposals:
            search.tell(number, planted.error(genome), planted.cost(genome))
    return search.finished_trials()


@pytest.mark.parametrize("method", METHODS)
def test_a_search_that_is_opened_again_goes_on_the_same(method: Method, tmp_path: Path) -> None:
    whole = go(opened(tmp_path / "whole", method, 16))
    go(opened(tmp_path / "parts", method, 8))
    assert go(opened(tmp_path / "parts", method, 16)) == whole
    trained = [trial for trial in whole if trial.is_trained]
    assert len(trained) == 16
    assert len({planted.SPACE.settings(trial.genome) for trial in trained}) == 16


@pytest.mark.parametrize("method", METHODS)
def test_a_kill_loses_and_repeats_nothing(method: Method, tmp_path: Path) -> None:
    whole = go(opened(tmp_path / "whole", method, 16))
    path = tmp_path / "killed"
    first = opened(path, method, 16)
    asked = first.propose(4)
    first.tell(asked[0].number, planted.error(asked[0].genome), planted.cost(asked[0].genome))
    with path.open("ab") as file:
        file.write(b'{"op_code": 5, "wor')  # what a kill may leave, with a lock
    path.with_name("killed.lock").touch()
    again = opened(path, method, 16)
    assert again.propose(4) == asked[1:]
    assert go(again) == whole


def test_an_evolution_descends_from_what_was_drawn_at_first(tmp_path: Path) -> None:
    """Its first proposals depend on the errors of the nets of the start, which are the same."""

    def begun(factor: float) -> tuple[list[Proposal], list[Proposal]]:
        search = Engine(tmp_path / f"times {factor}").search(
            "planted", planted.SPACE, planted.pricing(), method="nsga2", seed=3, trials=10,
            two=False,
        )  # fmt: skip
        start = search.propose(5)
        for number, genome in start:
            search.tell(number, 0.5 + factor * planted.true_error(genome))
        return start, search.propose(5)

    (start, after), (same_start, after_opposite) = begun(0.1), begun(-0.1)
    assert start == same_start
    assert after != after_opposite


@pytest.mark.parametrize("method", METHODS)
def test_no_net_is_trained_above_its_cost(method: Method, tmp_path: Path) -> None:
    trials = go(opened(tmp_path / "journal", method, 20))
    assert all(planted.cost(t.genome) <= planted.BUDGET for t in trials if t.is_trained)
    over = [t for t in trials if t.reason]
    assert all(planted.cost(t.genome) > planted.BUDGET and t.error == 1.0 for t in over)


def test_a_net_that_is_known_costs_nothing(tmp_path: Path) -> None:
    """With a gene that has no effect, half of the choices mean a net that is known."""
    few = Space((Gene("depth", (2, 4, 6)), Gene("idle", ("x", "y"))))

    class Idle(Space):
        def settings(self, genome: tuple) -> tuple:
            return genome[:1]

    space = Idle(few.genes)

    def price(genome: tuple) -> object:
        from depthstudy.search.space.draws import Priced

        return Priced(space.settings(genome), 1.0)

    search = Engine(tmp_path / "journal").search(
        "few", space, price, method="tpe", seed=0, trials=3, startup=1
    )
    trials = go_few(search)
    assert sorted(dict(t.genome)["depth"] for t in trials if t.is_trained) == [2, 4, 6]
    for one in trials:
        if one.same_as is not None:
            assert one.error == next(t.error for t in trials if t.number == one.same_as)


def go_few(search: Search) -> list[FinishedTrial]:
    while proposals := search.propose(2):
        for number, genome in proposals:
            search.tell(number, float(dict(genome)["depth"]) / 10, 1.0)
    return search.finished_trials()


def test_a_space_without_nets_within_limits_is_refused(tmp_path: Path) -> None:
    search = Engine(tmp_path / "journal").search(
        "none", planted.SPACE, planted.pricing(budget=0.1), method="tpe", seed=0, trials=2
    )
    with pytest.raises(InputError, match=r"none is a new one within the limits \(macs: 20,000\)"):
        search.propose(1)


@pytest.mark.slow
def test_searches_find_the_front_that_is_planted() -> None:
    """Over 20 repeats: the area that the nets of a search dominate, by their true errors."""
    best = area([(planted.cost(net), planted.true_error(net)) for net in best_choices()])
    shares: dict[Method, list[float]] = {"random": [], "tpe": []}
    for method, method_shares in shares.items():
        for seed in range(20):
            search = Engine(None).search(
                "planted", planted.SPACE, planted.pricing(), method=method, seed=seed, trials=40
            )
            nets = [trial.genome for trial in go(search, 5) if trial.is_trained]
            assert len(nets) == 40
            points = [(planted.cost(net), planted.true_error(net)) for net in nets]
            method_shares.append(area(points) / best)
    assert np.mean(shares["random"]) > 0.7
    assert np.mean(shares["tpe"]) > 0.8
    gain = np.subtract(shares["tpe"], shares["random"])
    assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(20)


def best_choices() -> list[tuple]:
    """Returns the best kinds and gates at every depth and width within the budget."""
    depth, width, *others = planted.SPACE.genes
    rest = tuple((gene.name, "a" if "kind" in gene.name else 4) for gene in others)
    nets = [(("depth", d), ("width", w), *rest) for d in depth.values for w in width.values]
    return [net for net in nets if planted.cost(net) <= planted.BUDGET]


def area(points: list[tuple[float, float]], worst: float = 0.5) -> float:
    """Returns the area of costs and errors that some point dominates (Zitzler & Thiele 1999)."""
    total, least, last = 0.0, worst, 0.0
    for cost, error in [*sorted(points), (planted.BUDGET, worst)]:
        total += (cost - last) * (worst - least)
        least, last = min(least, error), cost
    return total
