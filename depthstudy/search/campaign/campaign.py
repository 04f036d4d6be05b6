"""All searches of a study, side by side: by each method, in each stratum, in each repeat.

They go forward together, a generation at a time, so that all cores have work; none knows of the
others, but that a net which two of them propose is trained once. Then the best nets of each are
tried for longer, and each search has the one that it chooses.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from depthstudy.config import Settings, StudyConfig
from depthstudy.evidence.choice import halving, rungs
from depthstudy.evidence.costs import pareto
from depthstudy.records import SCALED, SearchedNet
from depthstudy.search.campaign import kept_settings
from depthstudy.search.campaign.engine import Engine, Search
from depthstudy.search.campaign.result import CampaignResult, Place, label, methods_of, seed_of
from depthstudy.search.campaign.trials import Trials, as_json, name_of_net
from depthstudy.search.campaign.tuning import Tuning
from depthstudy.search.space import Genome, Space, scaled
from depthstudy.search.space.draws import WORST
from depthstudy.search.space.pricing import Limits, Prices

JOURNAL = "journal.log"


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A net that was tried: its place and number, what was chosen, and what it sets."""

    place: Place
    number: int
    genome: Genome
    net: Settings


class Campaign:
    """The searches of a study."""

    def __init__(
        self, study: StudyConfig, space: Space, prices: Prices, trials: Trials, folder: Path
    ) -> None:
        """Opens the journal in ``folder``, and goes on where it was.

        Raises:
          InputError: It was begun with other settings.
        """
        self._study, self._search = study, study.search
        self._space, self._prices, self._trials = space, prices, trials
        kept_settings.keep(study, folder / JOURNAL)
        self._engine = Engine(folder / JOURNAL)
        self._first = self._search.shares[0]
        self._rates: dict[str, Settings] = {}
        self._tuning = Tuning(study, space, prices, trials)

    def run(self) -> CampaignResult:
        """Does all searches to their end, and returns what they found."""
        members = {
            family: scaled.members(family, self._search, self._prices)
            for family in self._search.families
        }
        self._rates = self._tuning.rates(members)
        searches = self._searches()
        self._go(searches)
        candidates = {place: self._trained(place, one) for place, one in searches.items()}
        for family in members:
            place = Place(SCALED, family)
            candidates[place] = [
                Candidate(place, number, (), net) for number, net in enumerate(members[family])
            ]
        longest = self._rounds(candidates)
        winners, errors = {}, {}
        for place, of_place in candidates.items():
            tried = {
                c.net: self._error(place, c.net, 1.0)
                for c in of_place
                if longest[place, c.net] == 1
            }
            net = rungs.best(tried, 1)[0]
            winners[place], errors[place] = self._with_rate(place, net), tried[net]
        rows = [
            self._row(c, longest[place, c.net], winners[place])
            for place, of_place in candidates.items()
            for c in of_place
        ]
        finished_trials = {place: one.finished_trials() for place, one in searches.items()}
        return CampaignResult(
            tuple(_with_front(rows)), winners, errors, self._rates, finished_trials
        )

    def _searches(self) -> dict[Place, Search]:
        searches = {}
        for stratum in self._search.strata:
            space = self._space.within(stratum)
            price = self._prices.of(space, Limits.of(self._search, stratum))
            for method in methods_of(self._search):
                for repeat in range(self._search.repeats):
                    place = Place(method, label(stratum), repeat)
                    searches[place] = self._engine.search(
                        place.name,
                        space,
                        price,
                        method=method,
                        seed=seed_of(self._search, place),
                        trials=self._search.trials,
                        startup=self._search.startup,
                        two=self._search.objective != "none",
                    )
        return searches

    def _go(self, searches: Mapping[Place, Search]) -> None:
        """Trains generation after generation until no search proposes any."""
        while True:
            batch = [
                Candidate(place, proposal.number, proposal.genome, self._net(proposal.genome))
                for place, one in searches.items()
                for proposal in one.propose(self._search.generation)
            ]
            if not batch:
                return
            self._try(batch)
            for c in batch:
                second = self._second(c.net)
                searches[c.place].tell(c.number, self._error(c.place, c.net, self._first), second)

    def _try(self, batch: Sequence[Candidate]) -> None:
        """Trains candidates for the share that all have in common."""
        nets = {c.net: c for c in batch}
        self._trials.train(
            [setting for c in batch for setting in self._to_try(c.place, c.net)], self._first
        )
        for net, c in nets.items():
            self._trials.note(self._with_rate(c.place, net), self._first, c.genome)

    def _rounds(
        self, candidates: Mapping[Place, Sequence[Candidate]]
    ) -> dict[tuple[Place, Settings], float]:
        """Tries the best of each search for longer; returns how long each net was tried."""
        every = [c for of_place in candidates.values() for c in of_place]
        self._try(every)
        left = {place: [c.net for c in of_place] for place, of_place in candidates.items()}
        longest = {(c.place, c.net): self._first for c in every}
        share = self._first
        for count, longer in rungs.plan(
            self._search.trials, self._search.shares, self._search.keep
        )[1:]:
            for place, nets in left.items():
                errors = {net: self._error(place, net, share) for net in nets}
                left[place] = rungs.best(errors, count)
            self._trials.train(
                [self._with_rate(p, net) for p, nets in left.items() for net in nets], longer
            )
            share = longer
            longest |= {(place, net): share for place, nets in left.items() for net in nets}
        return longest

    def _trained(self, place: Place, one: Search) -> list[Candidate]:
        return [
            Candidate(place, trial.number, trial.genome, self._net(trial.genome))
            for trial in one.finished_trials()
            if trial.is_trained
        ]

    def _net(self, genome: Genome) -> Settings:
        return self._space.settings(genome)

    def _second(self, net: Settings) -> float:
        if self._search.objective == "latency":
            return self._prices.latency(net)
        return float(self._prices.cost(net).macs)

    def _to_try(self, place: Place, net: Settings) -> list[Settings]:
        """Returns a net with each setting that it is tried with."""
        if self._search.rates == "trial" and self._study.tune:
            return [(*net, *point) for point in halving.points(self._study.tune)]
        return [(*net, *self._rates[place.stratum])]

    def _with_rate(self, place: Place, net: Settings) -> Settings:
        """Returns a net with the setting that does best for it, of those that were tried."""
        tried = self._to_try(place, net)
        errors = {setting: self._trials.error(setting, self._first) for setting in tried}
        return rungs.best(errors, 1)[0]

    def _error(self, place: Place, net: Settings, share: float) -> float:
        return self._trials.error(self._with_rate(place, net), share)

    def _row(self, c: Candidate, longest: float, winner: Settings) -> SearchedNet:
        cost, net = self._prices.cost(c.net), self._with_rate(c.place, c.net)
        timed = self._search.latency is not None or self._search.objective == "latency"
        rate = dict(net).get("train.learning_rate", self._study.train.learning_rate)
        return SearchedNet(
            method=c.place.method,
            stratum=c.place.stratum,
            repeat=c.place.repeat,
            trial=c.number,
            net=name_of_net(net),
            settings=as_json(net),
            genome=as_json(c.genome),
            depth=cost.depth,
            parameters=cost.parameters,
            macs=cost.macs,
            latency_ms=self._prices.latency(c.net) if timed else math.nan,
            learning_rate=float(rate),  # type: ignore[arg-type]
            validation_error=self._error(c.place, c.net, self._first),
            longest_share=longest,
            longest_error=self._error(c.place, c.net, longest),
            chosen=net == winner,
        )


def _with_front(rows: Sequence[SearchedNet]) -> list[SearchedNet]:
    """Returns rows that tell which nets of each stratum are on its front of error and cost."""
    best = set()
    for stratum in dict.fromkeys(row.stratum for row in rows):
        in_stratum = [
            row for row in rows if row.stratum == stratum and row.validation_error < WORST
        ]
        best |= {
            in_stratum[i]
            for i in pareto.front([(row.macs, row.validation_error) for row in in_stratum])
        }
    return [dataclasses.replace(row, on_front=row in best) for row in rows]
