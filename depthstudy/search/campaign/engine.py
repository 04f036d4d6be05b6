"""Asks for nets and is told their errors: Optuna behind a few lines, so that a kill loses nothing.

Each proposal follows from the seed of its search and from what the search was told before: the
sampler is made anew for each, seeded by the number of the proposal (one that is kept draws its
first numbers again when a study is opened). Nets are proposed by generations, and told in the order
of their numbers. So 40 trials are the same as 20, a kill, and 20 more, and, where 20 are whole
generations, as a search of 20 that is given 20 more.

A net that costs too much is told as well, with the worst error and a constraint that it violates;
were it left out, the sampler would propose it for ever. A net that was trained already costs
nothing: it is told with the error that it had.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState

from depthstudy.config import Settings
from depthstudy.search.campaign.encoding import distributions, genome, parameters
from depthstudy.search.campaign.journal import Journal, mend
from depthstudy.search.space import Genome, Space
from depthstudy.search.space.draws import (
    WORST,
    FinishedTrial,
    Method,
    Pricing,
    Rejected,
    within_limits,
)

_PATIENCE = 40  # proposals without a net to train, after which one is drawn at random
_KEY, _SAME, _REASON = "key", "same_as", "reason"  # attributes of a trial


class Proposal(NamedTuple):
    """A net to train: its number in the search, and what was chosen."""

    number: int
    genome: Genome


class Engine:
    """All searches of a study, kept in one journal on disk; one process at a time may have it."""

    def __init__(self, path: Path | None) -> None:
        """Opens the journal; what a kill left half written at its end is taken off.

        Args:
          path: The journal; ``None`` keeps nothing.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        if path is None:
            self._storage: optuna.storages.BaseStorage = optuna.storages.InMemoryStorage()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        mend(path)
        self._storage = JournalStorage(Journal(path))

    def search(
        self,
        name: str,
        space: Space,
        price: Pricing,
        *,
        method: Method,
        seed: int,
        trials: int,
        startup: int = 5,
        two: bool = True,
    ) -> Search:
        """Returns a search, which goes on where it was.

        Args:
          name: Its name in the journal.
          space: What it chooses from.
          price: What says what a choice costs.
          method: What proposes nets; ``"random"`` draws all of them.
          seed: Seed of all that is drawn.
          trials: How many nets are trained.
          startup: How many are drawn at random at first.
          two: Whether the cost is made small beside the error.
        """
        study = optuna.create_study(
            storage=self._storage,
            study_name=name,
            directions=["minimize"] * (2 if two else 1),
            load_if_exists=True,
        )
        return Search(study, space, price, method=method, seed=seed, trials=trials, startup=startup)


class Search:
    """One search: it proposes nets, and is told their errors."""

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        price: Pricing,
        *,
        method: Method,
        seed: int,
        trials: int,
        startup: int,
    ) -> None:
        """Goes on with what ``study`` holds; see ``Engine.search``."""
        self._study, self._space, self._price, self._method = study, space, price, method
        self._seed, self._count, self._startup = seed, trials, startup
        self._two = len(study.directions) > 1
        self._distributions = distributions(space)

    def finished_trials(self) -> list[FinishedTrial]:
        """Returns the trials that are over, by their numbers."""
        over = self._study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
        return [
            FinishedTrial(
                trial.number,
                genome(self._space, trial.params),
                float(trial.values[0]),
                float(trial.values[1]) if self._two else 0.0,
                trial.user_attrs.get(_SAME),
                trial.user_attrs.get(_REASON, ""),
            )
            for trial in over
        ]

    def propose(self, generation: int) -> list[Proposal]:
        """Returns the nets of a generation that are not told yet.

        A generation is the next so many nets; none of the next one is proposed before all of it are
        told. So one that a kill cut short is completed as it was meant.

        Raises:
          InputError: Hardly any choice is within the limits.
        """
        self._complete()
        trained = sum(trial.is_trained for trial in self.finished_trials())
        end = min(self._count, (trained // generation + 1) * generation)
        while self._paid() < end:
            self._consider(self._ask())
        running = self._study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
        return [
            Proposal(trial.number, genome(self._space, trial.params))
            for trial in running
            if _KEY in trial.user_attrs
        ]

    def tell(self, number: int, error: float, second: float = 0.0) -> None:
        """Tells the error of a net that was proposed, and what is made small beside it."""
        waiting = self._study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
        same = [trial.number for trial in waiting if trial.user_attrs.get(_SAME) == number]
        for each in (number, *same):
            self._tell(each, error if np.isfinite(error) else WORST, second)

    def _complete(self) -> None:
        """Tells what is known of trials that a kill left untold, as the next draws follow from it.

        A net that is to be trained stays as it is, and so do those that wait for its error.
        """
        trials = self._trials()
        for trial in trials:
            if trial.state != TrialState.RUNNING or _KEY in trial.user_attrs:
                continue
            if _SAME not in trial.user_attrs:
                self._consider(trial)
            elif (same := trials[trial.user_attrs[_SAME]]).state == TrialState.COMPLETE:
                self._study.tell(trial.number, list(same.values))

    def _tell(self, number: int, error: float, second: float) -> None:
        self._study.tell(number, [error, second] if self._two else [error])

    def _consider(self, frozen: FrozenTrial) -> None:
        """Notes what a choice means: a net to train, one that is known already, or none."""
        trial = optuna.trial.Trial(self._study, frozen._trial_id)
        priced = self._price(genome(self._space, frozen.params))
        if isinstance(priced, Rejected):
            trial.set_user_attr(_REASON, priced.reason)
            _constrain(trial, frozen, max(priced.excess, 1e-6))
            self._tell(frozen.number, WORST, priced.second)
            return
        _constrain(trial, frozen, -1.0)
        known = {_settings(t): t for t in self._trials() if _KEY in t.user_attrs}
        same = known.get(priced.settings)
        if same is None:
            trial.set_user_attr(_KEY, priced.settings)
            return
        trial.set_user_attr(_SAME, same.number)
        if same.state == TrialState.COMPLETE:
            self._tell(frozen.number, float(same.values[0]), priced.second)

    def _ask(self) -> FrozenTrial:
        """Returns a new trial: a draw at first, and where the sampler found nothing for long."""
        number = len(self._trials())
        sampler = _sampler(self._method, self._seed, number, self._startup)
        self._study.sampler = sampler
        is_drawn = self._method == "random" or self._paid() < self._startup or self._is_stuck()
        if is_drawn:
            self._study.enqueue_trial(parameters(self._space, self._draw(number)))
        asked = self._study.ask(self._distributions)
        trial = self._trials()[asked.number]
        if is_drawn and isinstance(sampler, NSGAIISampler):
            # Notes the generation of the trial: only those that have one are ever parents.
            sampler.get_trial_generation(self._study, trial)
        return trial

    def _draw(self, number: int) -> Genome:
        """Returns a choice at random that is within limits and not known yet."""
        draw = np.random.default_rng([self._seed, number])
        known = {_settings(t) for t in self._trials() if _KEY in t.user_attrs}
        return within_limits(self._space, self._price, draw, known, self._study.study_name)

    def _paid(self) -> int:
        return sum(_KEY in trial.user_attrs for trial in self._trials())

    def _is_stuck(self) -> bool:
        last = self._trials()[-_PATIENCE:]
        return len(last) == _PATIENCE and all(_KEY not in trial.user_attrs for trial in last)

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)


def _settings(trial: FrozenTrial) -> Settings:
    """Returns the settings that a trial was noted with; JSON has made lists of pairs."""
    return tuple((field, _hashable(value)) for field, value in trial.user_attrs[_KEY])


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _sampler(method: Method, seed: int, number: int, startup: int) -> BaseSampler:
    """Returns a new sampler, seeded by what is asked for."""
    sampler_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    if method == "nsga2":
        return NSGAIISampler(population_size=max(2, startup), seed=sampler_seed)
    return TPESampler(n_startup_trials=1, multivariate=True, seed=sampler_seed)


def _constrain(trial: optuna.trial.Trial, frozen: FrozenTrial, value: float) -> None:
    """Says by how much a net is beyond a limit, once; up to 0 it is within all."""
    if not any("limits" in name for name in frozen.system_attrs):
        trial.set_constraint("limits", value)
