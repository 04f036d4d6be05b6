"""Trains longer what a deeper net has not learned in its steps, until it has or factors run out.

A net that does not fit what a shallower one of its group fits, or a net that a hypothesis compares
it with, may be worse, or may need more steps. Only a longer training tells. The net that fits best,
and the best shallower one, by which it is said whether to go deeper, are trained as long, so that
equals are compared. A longer training wants a lower learning rate than a short one, so all are
trained with the next lower rate first, and where more than half of the excess is left with their
own; of the two each keeps the one of less validation error.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from depthstudy.config import Hypothesis, StudyConfig
from depthstudy.evidence.causes.decomposition import best_depth
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.longer import FITS, SHRUNK
from depthstudy.evidence.metrics import ERRORS
from depthstudy.execute.following import SEEDS_OF_LONGER
from depthstudy.execute.training import Job, Session
from depthstudy.execute.tuning import Tuned
from depthstudy.plan import Variant, pools, see_untreated, settings_of
from depthstudy.plan.follow_up import follow, in_words, longer, untreated, with_lower_rate
from depthstudy.records import BudgetRow
from depthstudy.store import Outcome


def check_budgets(
    session: Session,
    study: StudyConfig,
    variants: Sequence[Variant],
    tuned: Mapping[str, Tuned],
) -> tuple[list[Variant], list[BudgetRow]]:
    """Returns the variants that were trained longer, and what came of it.

    Of each net that did not fit they are the longest, with those beside it for as long.

    Args:
      session: Trains them.
      study: The config; ``budget_check`` holds the factors.
      variants: Whose runs are done.
      tuned: The settings that were found for variants, by name.
    """
    check = _Check(session, tuned, tuple(range(min(SEEDS_OF_LONGER, study.seeds))), study.seeds)
    longest: dict[str, Variant] = {}
    rows: list[BudgetRow] = []
    whole = [v for v in variants if not pools.is_partial(study, v)]
    open_cases = check.misfits(whole, see_untreated(study.hypotheses))
    for factor in study.budget_check:
        if not open_cases:
            break
        kept = check.trained_longer(open_cases, factor)
        of_factor = {case: check.row(case, kept, factor) for case in open_cases}
        rows += of_factor.values()
        is_last = factor == study.budget_check[-1]
        for case in open_cases:
            if is_last or of_factor[case].settled:  # it ends with all its nets trained as long
                made = [kept[net.name].variant for net in case.nets]
                longest |= {variant.name: variant for variant in made}
        open_cases = [case for case in open_cases if not of_factor[case].settled]
    return list(longest.values()), rows


@dataclasses.dataclass(frozen=True, eq=False)
class _Case:
    """A net that does not fit, with the nets that are trained as long.

    Attributes:
      deep: The net.
      best: Of the nets that it is compared with the one that fits best.
      beside: The best of the shallower ones of its group, if there are any.
    """

    deep: Variant
    best: Variant
    beside: Variant | None

    @property
    def nets(self) -> list[Variant]:
        """All nets of it, each once."""
        named = {net.name: net for net in (self.deep, self.best, self.beside) if net}
        return list(named.values())


def _sharing(cases: Sequence[_Case], some: Sequence[_Case]) -> list[_Case]:
    """Returns some cases and all that share a net with them, directly or by others.

    So nets that are compared are trained with equally many rates.
    """
    names = {net.name for case in some for net in case.nets}
    sharing = [case for case in cases if names & {net.name for net in case.nets}]
    return sharing if len(sharing) == len(some) else _sharing(cases, sharing)


@dataclasses.dataclass(frozen=True)
class _Check:
    """Trains longer, and says how well nets fit then."""

    session: Session
    tuned: Mapping[str, Tuned]
    seeds: tuple[int, ...]
    planned: int  # seeds of a variant that does not say how many it has

    def misfits(
        self, variants: Sequence[Variant], hypotheses: Sequence[Hypothesis] = ()
    ) -> list[_Case]:
        """Returns the nets that fit worse than a shallower one of their group, or a rival.

        A rival is what a hypothesis on errors compares a net with. Of several that fit better the
        best is taken.
        """
        plain = untreated(variants)
        better: dict[str, list[Variant]] = {}
        for net, other in _rivals(plain, hypotheses):
            if self._train_error(net) > self._train_error(other) + FITS:
                better.setdefault(net.name, []).append(other)
        return [
            _Case(
                net,
                min(better[net.name], key=lambda v: (self._train_error(v), v.info.depth)),
                self._best_shallower(net, plain),
            )
            for net in plain
            if net.name in better
        ]

    def _best_shallower(self, net: Variant, plain: Sequence[Variant]) -> Variant | None:
        """Returns the net that says whether ``net`` is better, as the evidence chooses it."""
        shallower = sorted(
            (other for other in plain if net.info.deepens(other.info)), key=lambda v: v.info.depth
        )
        if not shallower:
            return None
        runs = pd.DataFrame(
            [
                {
                    "variant": other.name,
                    "test_error": self._error(outcome, "test", other),
                    "validation_error": outcome.error("validation", other.config.metric),
                }
                for other in shallower
                for outcome in self._outcomes(other, range(other.seeds or self.planned))
            ]
        )
        best = best_depth([other.name for other in shallower], runs)
        return next(other for other in shallower if other.name == best)

    def trained_longer(self, cases: Sequence[_Case], factor: int) -> dict[str, Job]:
        """Returns by name of a net its training of so many times the steps that did best."""
        kept: dict[str, Job] = {}
        for lower in (True, False):
            still_open = [case for case in cases if not kept or not self._shrunk(case, kept)]
            bases = {net.name: net for case in _sharing(cases, still_open) for net in case.nets}
            jobs = {name: self._job(base, factor, lower) for name, base in bases.items()}
            self.session.train(list(jobs.values()))
            for name, job in jobs.items():
                kept[name] = min((job, kept.get(name, job)), key=self._validation_error)
        return kept

    def row(self, case: _Case, kept: Mapping[str, Job], factor: int) -> BudgetRow:
        """Returns what a longer training did to what a net fails to fit."""
        job = kept[case.deep.name]
        assert job.follow_up is not None
        excess = self._excess(case, kept)
        return BudgetRow(
            variant=case.deep.name,
            reference=case.best.name,
            factor=factor,
            steps=job.variant.info.steps,
            seeds=len(self.seeds),
            excess_before=self._excess(case),
            train_error=self._train_error(job.variant),
            excess=excess,
            settled=excess <= FITS,
            settings=in_words(job.follow_up.settings),
        )

    def _job(self, base: Variant, factor: int, lower: bool) -> Job:
        tuned = self.tuned.get(base.name)
        settings = tuned.settings if tuned else ()
        if lower:
            tried = tuned.rates if tuned else ()
            settings = with_lower_rate(settings, base.train.learning_rate, tried)
        follow_up = longer(base, factor, settings)
        variant = dataclasses.replace(follow(base, follow_up), seeds=len(self.seeds))
        return Job(variant, self.seeds, follow_up)

    def _shrunk(self, case: _Case, kept: Mapping[str, Job]) -> bool:
        return self._excess(case, kept) <= max(FITS, SHRUNK * self._excess(case))

    def _excess(self, case: _Case, kept: Mapping[str, Job] | None = None) -> float:
        """Returns the train error over that of the best, as planned or both trained longer."""
        nets = [kept[net.name].variant if kept else net for net in (case.deep, case.best)]
        deep, best = map(self._train_error, nets)
        return deep - best

    def _train_error(self, variant: Variant) -> float:
        return statistics.fmean(
            self._error(outcome, "train", variant)
            for outcome in self._outcomes(variant, self.seeds)
        )

    def _validation_error(self, job: Job) -> float:
        """Returns the mean error on validation data, or on what it fits where none are held out."""
        return statistics.fmean(
            self._error(
                outcome,
                "train" if outcome.validation_error is None else "validation",
                job.variant,
            )
            for outcome in self._outcomes(job.variant, self.seeds)
        )

    @staticmethod
    def _error(outcome: Outcome, split: str, variant: Variant) -> float:
        error = outcome.error(split, variant.config.metric)
        assert error is not None
        return error

    def _outcomes(self, variant: Variant, seeds: Iterable[int]) -> list[Outcome]:
        """Returns how the runs of a variant with some seeds ended, as far as these are done."""
        read = (self.session.store(variant, seed).read_outcome() for seed in seeds)
        return [outcome for outcome in read if outcome]


def _rivals(
    variants: Sequence[Variant], hypotheses: Sequence[Hypothesis]
) -> Iterator[tuple[Variant, Variant]]:
    """Yields each net with each shallower one of its group, and with what it is compared with."""
    for net, other in itertools.permutations(variants, 2):
        if net.info.deepens(other.info):
            yield net, other
    by_name = {variant.name: variant for variant in variants}
    settings = settings_of(variants)
    for hypothesis in hypotheses:
        if hypothesis.metric in ERRORS:
            for left, right in pairing.pairs(hypothesis, settings):
                yield by_name[left], by_name[right]
                yield by_name[right], by_name[left]
