"""The settings that the nets of a stratum, or of a family, are tried with: tuned on a few of them.

All strata and families have as many trials, and where the best of one is at an edge of the grid,
all have more (``evidence.choice.halving``).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from depthstudy.config import Settings, StudyConfig
from depthstudy.evidence.choice import halving
from depthstudy.evidence.choice.halving import Fits, Trial
from depthstudy.records import RANDOM
from depthstudy.search.campaign.result import Place, label, seed_of
from depthstudy.search.campaign.trials import Trials
from depthstudy.search.space import Space
from depthstudy.search.space.draws import WORST, within_limits
from depthstudy.search.space.pricing import Limits, Prices

_TUNED_ON = 2  # nets of a stratum on which a rate is chosen for all of it


def cost_of_tuning(study: StudyConfig) -> float:
    """Returns what it takes to tune the strata and families of a search, in whole trainings.

    It is nothing where each net is tuned by itself, and more where a grid has to be widened.
    """
    search = study.search
    if not study.tune or search.rates == "trial":
        return 0.0
    places = len(search.strata) + len(search.families)
    return places * _TUNED_ON * halving.cost(study.tune) * search.shares[0]


@dataclasses.dataclass(frozen=True, eq=False)
class Tuning:
    """Tunes the strata and families of a search."""

    study: StudyConfig
    space: Space
    prices: Prices
    trials: Trials

    def rates(self, members: Mapping[str, Sequence[Settings]]) -> dict[str, Settings]:
        """Returns the settings of each stratum and family: those of least mean error on a few nets.

        They are empty where nothing is tuned, or each net is by itself.

        Args:
          members: The nets of each family, from shallow to deep.
        """
        grid, search = self.study.tune, self.study.search
        labels = [*map(label, search.strata), *members]
        if not grid or search.rates == "trial":
            return dict.fromkeys(labels, ())
        nets = {label(stratum): self._drawn(stratum) for stratum in search.strata}
        for family, of_family in members.items():
            middle = len(of_family) // 2
            nets[family] = [*of_family[middle : middle + _TUNED_ON]]
        results: dict[str, dict[Trial, float]] = {name: {} for name in labels}
        fits = {name: self._fits(nets[name]) for name in labels}
        extra = 0
        while True:
            pending = [
                (name, one)
                for name in labels
                for one in halving.pending(grid, results[name], extra, fits[name])
            ]
            if pending:
                self._try(nets, pending, results)
            elif extra < halving.MOST_EXTRA and any(
                halving.can_widen(grid, results[name], fits[name]) for name in labels
            ):
                extra += 1
            else:
                return {name: halving.best(grid, results[name]) for name in labels}

    def _fits(self, nets: Sequence[Settings]) -> Fits:
        length = self.study.search.shares[0]
        return lambda settings: all(
            self.trials.can_train((*net, *settings), length) for net in nets
        )

    def _try(
        self,
        nets: Mapping[str, Sequence[Settings]],
        pending: Sequence[tuple[str, Trial]],
        results: Mapping[str, dict[Trial, float]],
    ) -> None:
        """Trains a few nets of each stratum with settings, and notes the mean errors."""
        for share in sorted({one.share for _, one in pending}):
            length = float(share) * self.study.search.shares[0]
            now = [(name, one) for name, one in pending if one.share == share]
            tried = {(name, one): [(*net, *one.settings) for net in nets[name]]
                     for name, one in now}  # fmt: skip
            self.trials.train([net for few in tried.values() for net in few], length)
            for (name, one), few in tried.items():
                errors = [self.trials.error(net, length) for net in few]
                results[name][one] = float(np.mean([WORST if math.isnan(e) else e for e in errors]))

    def _drawn(self, stratum: tuple[int, int]) -> list[Settings]:
        """Returns a few nets of a stratum at random, drawn for this alone."""
        space, search = self.space.within(stratum), self.study.search
        price = self.prices.of(space, Limits.of(search, stratum))
        draw = np.random.default_rng(seed_of(search, Place(RANDOM, label(stratum), -1)))
        nets: list[Settings] = []
        while len(nets) < _TUNED_ON:
            genome = within_limits(space, price, draw, nets, f"depths {label(stratum)}")
            nets.append(self.space.settings(genome))
        return nets
