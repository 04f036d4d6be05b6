"""All searches of a study on a planted space: shares, winners, resumption, and what is asked."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import planted_space as planted
import pytest

pytest.importorskip("optuna")

from depthstudy.arch import Cost
from depthstudy.config import SearchConfig, Settings, StudyConfig
from depthstudy.errors import InputError
from depthstudy.evidence.choice import progress
from depthstudy.records import RANDOM, SearchedNet
from depthstudy.search import winners
from depthstudy.search.campaign.campaign import Campaign
from depthstudy.search.campaign.importance import importance
from depthstudy.search.campaign.result import CampaignResult, Place
from depthstudy.search.space import Space
from depthstudy.search.space.draws import Pricing
from depthstudy.search.space.pricing import Limits

SEARCH = SearchConfig(
    trials=6, startup=3, generation=3, repeats=3, strata=((2, 12), (14, 24), (26, 40)),
    macs=planted.BUDGET, shares=(0.5, 1.0), keep=0.5,
)  # fmt: skip
RATES = (("train.learning_rate", (0.01, 0.1)),)
STUDY = StudyConfig(seeds=3, search=SEARCH, tune=RATES)


class Prices:
    """The costs of the planted space in the form of those of nets."""

    def cost(self, net: Settings) -> Cost:
        given = dict(net)
        depth = int(given["depth"])  # type: ignore[call-overload]
        return Cost(parameters=depth, macs=round(planted.cost(net)), activations=1,
                    receptive_field=None, depth=depth)  # fmt: skip

    def of(self, space: Space, limits: Limits) -> Pricing:
        assert limits.macs == planted.BUDGET
        return planted.pricing(depth=limits.depth)


class KilledError(Exception):
    """What stands for a kill."""


class Trials:
    """Trains nothing: errors are planted, and deep nets want the lower rate."""

    def __init__(self, lives: int = 10_000) -> None:
        self.trained: Counter[tuple[Settings, float]] = Counter()
        self.done: set[tuple[Settings, float]] = set()
        self.lives = lives

    def can_train(self, net: Settings, share: float) -> bool:
        return 0 < float(dict(net).get("train.momentum", 0.9)) <= 1  # type: ignore[arg-type]

    def train(self, nets: Sequence[Settings], share: float) -> None:
        for net in dict.fromkeys(nets):
            if (net, share) not in self.done:
                if not self.lives:
                    raise KilledError
                self.lives -= 1
                self.trained[net, share] += 1
                self.done.add((net, share))

    def error(self, net: Settings, share: float) -> float:
        assert (net, share) in self.done
        given = dict(net)
        rate = float(given["train.learning_rate"])  # type: ignore[arg-type]
        choices = tuple((name, x) for name, x in net if name != "train.learning_rate")
        deep = int(given["depth"]) > 25  # type: ignore[call-overload]
        return planted.error(choices, seed=int(10 * share)) + 0.1 * ((rate == 0.1) == deep)

    def note(self, net: Settings, share: float, genome: tuple) -> None:
        assert (net, share) in self.done


def campaign(folder: Path, trials: Trials, study: StudyConfig = STUDY) -> CampaignResult:
    return Campaign(study, planted.SPACE, Prices(), trials, folder).run()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> CampaignResult:
    return campaign(tmp_path_factory.mktemp("campaign"), Trials())


def of(results: CampaignResult, place: Place) -> list[SearchedNet]:
    return [
        row
        for row in results.rows
        if (row.method, row.stratum, row.repeat) == dataclasses.astuple(place)
    ]


def test_every_search_has_as_many_trials_in_its_own_depths(results: CampaignResult) -> None:
    assert len(results.winners) == 2 * 3 * 3
    for place in results.winners:
        rows = of(results, place)
        low, high = map(int, place.stratum.split(" to "))
        assert len(rows) == SEARCH.trials
        assert all(low <= row.depth <= high and row.macs <= planted.BUDGET for row in rows)
        assert Counter(row.longest_share for row in rows) == {0.5: 3, 1.0: 3}


def test_a_search_chooses_the_least_error_of_the_full_training(results: CampaignResult) -> None:
    for place, winner in results.winners.items():
        rows = of(results, place)
        (chosen,) = [row for row in rows if row.chosen]
        assert chosen.longest_error == min(r.longest_error for r in rows if r.longest_share == 1)
        assert results.errors[place] == chosen.longest_error
        kept = sorted(row.validation_error for row in rows)[:3]
        assert sorted(r.validation_error for r in rows if r.longest_share == 1) == kept
        assert dict(winner)["depth"] == chosen.depth


def test_each_stratum_has_the_rate_that_suits_it(results: CampaignResult) -> None:
    rates = {name: dict(setting)["train.learning_rate"] for name, setting in results.rates.items()}
    assert rates == {"2 to 12": 0.1, "14 to 24": 0.1, "26 to 40": 0.01}
    assert {row.learning_rate for row in results.rows if row.depth > 25} == {0.01}


def test_a_grid_that_cannot_be_widened_is_left_as_it_is(tmp_path: Path) -> None:
    """The best momentum is the greatest, and 0.99² / 0.9 is none."""

    class Momentum(Trials):
        def error(self, net: Settings, share: float) -> float:
            assert (net, share) in self.done
            given = dict(net)
            choices = tuple((name, x) for name, x in net if name != "train.momentum")
            return planted.error(choices, seed=1) - float(given["train.momentum"])  # type: ignore[arg-type]

    trials, search = Momentum(), dataclasses.replace(SEARCH, repeats=1)
    study = dataclasses.replace(STUDY, search=search, tune=(("train.momentum", (0.9, 0.99)),))
    rates = campaign(tmp_path, trials, study).rates
    assert {dict(setting)["train.momentum"] for setting in rates.values()} == {0.99}
    assert {dict(net)["train.momentum"] for net, _ in trials.trained} == {0.9, 0.99}


def test_a_rate_may_be_tried_on_every_net(tmp_path: Path) -> None:
    search = dataclasses.replace(SEARCH, rates="trial", repeats=1)
    trials = Trials()
    each = campaign(tmp_path, trials, dataclasses.replace(STUDY, search=search))
    rates = {row.learning_rate for row in each.rows if row.depth > 25}
    assert rates == {0.01}
    first = [key for key in trials.trained if key[1] == 0.5]
    assert len(first) == 2 * len({row.genome for row in each.rows})


def test_a_campaign_that_is_killed_goes_on_to_the_same(
    results: CampaignResult, tmp_path: Path
) -> None:
    trials = Trials(lives=17)
    while True:
        try:
            again = campaign(tmp_path, trials)
            break
        except KilledError:
            trials.lives = 17
    assert again.rows == results.rows
    assert set(trials.trained.values()) == {1}  # no net was trained twice


def test_a_campaign_goes_on_with_its_own_settings_alone(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        campaign(tmp_path, Trials(lives=17))
    search = dataclasses.replace(SEARCH, macs=planted.BUDGET // 3)
    with pytest.raises(InputError, match=r"search.macs \(60, now 20\); take another --workdir"):
        campaign(tmp_path, Trials(), dataclasses.replace(STUDY, search=search))


def test_strata_and_nets_are_ranked_by_validation(results: CampaignResult) -> None:
    won = winners.of(STUDY, results)
    assert set(won.strata) == {"2 to 12", "14 to 24", "26 to 40"}
    assert won.strata[0] == "14 to 24"  # where the best is planted
    ours = {place: e for place, e in results.errors.items() if place.method != RANDOM}
    assert results.errors[won.chosen] == min(ours.values())


def test_pools_hold_a_net_of_each_search(results: CampaignResult) -> None:
    won = winners.of(STUDY, results)
    planned = winners.study_of(STUDY, results, won)
    by_name = {pool.name: pool for pool in planned.pools}
    assert len(by_name["nets of depth 2 to 12"].variants) == 6
    assert len(by_name[winners.THE_SEARCH].variants) == SEARCH.repeats
    assert set(by_name[winners.CHOSEN].variants) == {won.names[results.winners[won.chosen]]}
    names = {name for name, _ in planned.variants}
    assert all(set(pool.variants) <= names for pool in planned.pools)
    random = tuple(f"random_depth{s.replace(' ', '')}_0_" for s in won.strata)
    assert by_name[winners.THE_RANDOM].variants[0].startswith(random)
    assert [h.name for h in planned.hypotheses] == [
        "search_chooses_depth", "depth_matters", "search_beats_random",
    ]  # fmt: skip
    assert "the nets that it and random search find there" in planned.hypotheses[0].statement
    assert planned.tune == ()


def test_what_was_best_over_time_never_gets_worse(results: CampaignResult) -> None:
    rows = progress.progress(results.rows)
    assert {row.method for row in rows} == {"tpe", "random"}
    for method in ("tpe", "random"):
        errors = [row.validation_error for row in rows if row.method == method]
        assert len(errors) == SEARCH.trials
        assert errors == sorted(errors, reverse=True)
    tpe = [row for row in results.rows if row.method == "tpe"]
    least = [min(r.validation_error for r in tpe if r.repeat == k) for k in range(3)]
    assert [r for r in rows if r.method == "tpe"][-1].validation_error == pytest.approx(
        sum(least) / 3
    )


def test_importance_knows_the_genes_that_matter() -> None:
    draw = np.random.default_rng(0)
    tried = [(g, planted.true_error(g)) for g in (planted.SPACE.sample(draw) for _ in range(150))]
    rows = importance(planted.SPACE, tried)
    shares = {row.gene: row.importance for row in rows}
    assert sum(shares.values()) == pytest.approx(1)
    assert rows[0].gene == "depth"
    assert shares["gate0"] < shares["kind0"] < shares["depth"]
    assert importance(planted.SPACE, tried[:5]) == []
