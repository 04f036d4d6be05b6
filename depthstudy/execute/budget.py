"""Trains longer what a deeper net has not learned in its steps, until it has or factors run out.

A net that does not fit what a shallower one of its group fits, or a net that a hypothesis compares
it with, may be worse, or may need more steps. Only a longer training tells. The net that fits best
is trained as long, so that equals are compared. A longer training wants a lower learning rate than
a short one, so both are trained with the next lower rate first, and where more than half of the
excess is left with their own; of the two each keeps the one of less validation error.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from depthstudy.config import Hypothesis, StudyConfig
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.metrics import ERRORS
from depthstudy.execute.training import Job, Session
from depthstudy.execute.tuning import Tuned
from depthstudy.plan import Variant, pools, settings_of, treatments
from depthstudy.plan.follow_up import follow, in_words, longer, untreated, with_lower_rate
from depthstudy.records import BudgetRow
from depthstudy.store import Outcome

SEEDS = 2  # of each longer training: enough to see whether it fits, not for a verdict
_HALF = 0.5  # of an excess, at most, that a longer training leaves where it tells enough
FITS = 0.01  # train error over that of the net that fits best that is no failure to fit


def check_budgets(
    session: Session,
    study: StudyConfig,
    variants: Sequence[Variant],
    tuned: Mapping[str, Tuned],
) -> tuple[list[Variant], list[BudgetRow]]:
    """Returns the variants that were trained longer, and what came of it.

    Args:
      session: Trains them.
      study: The config; ``budget_check`` holds the factors.
      variants: Whose runs are done.
      tuned: The settings that were found for variants, by name.
    """
    check = _Check(session, tuned, tuple(range(min(SEEDS, study.seeds))))
    longest: dict[str, Variant] = {}
    rows: list[BudgetRow] = []
    whole = [v for v in variants if not pools.is_partial(study, v)]
    open_cases = check.misfits(whole, treatments.see_untreated(study.hypotheses))
    for factor in study.budget_check:
        if not open_cases:
            break
        kept = check.trained_longer(open_cases, factor)
        of_factor = [check.row(deep, best, kept, factor) for deep, best in open_cases]
        longest |= {name: job.variant for name, job in kept.items()}
        rows += of_factor
        open_cases = [
            case for case, row in zip(open_cases, of_factor, strict=True) if not row.settled
        ]
    return list(longest.values()), rows


Case = tuple[Variant, Variant]  # a net that does not fit, and the one beside it that does


@dataclasses.dataclass(frozen=True)
class _Check:
    """Trains longer, and says how well nets fit then."""

    session: Session
    tuned: Mapping[str, Tuned]
    seeds: tuple[int, ...]

    def misfits(
        self, variants: Sequence[Variant], hypotheses: Sequence[Hypothesis] = ()
    ) -> list[Case]:
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
            (net, min(better[net.name], key=lambda v: (self._train_error(v), v.info.depth)))
            for net in plain
            if net.name in better
        ]

    def trained_longer(self, cases: Sequence[Case], factor: int) -> dict[str, Job]:
        """Returns by name of a net its training of so many times the steps that did best."""
        kept: dict[str, Job] = {}
        for lower in (True, False):
            still_open = [case for case in cases if not kept or not self._shrunk(*case, kept)]
            jobs = {
                base.name: self._job(base, factor, lower)
                for base in dict.fromkeys(net for case in still_open for net in case)
            }
            self.session.train(list(jobs.values()))
            for name, job in jobs.items():
                kept[name] = min((job, kept.get(name, job)), key=self._validation_error)
        return kept

    def row(self, deep: Variant, best: Variant, kept: Mapping[str, Job], factor: int) -> BudgetRow:
        """Returns what a longer training did to what a net fails to fit."""
        job = kept[deep.name]
        assert job.follow_up is not None
        return BudgetRow(
            variant=deep.name,
            reference=best.name,
            factor=factor,
            steps=job.variant.info.steps,
            seeds=len(self.seeds),
            excess_before=self._train_error(deep) - self._train_error(best),
            train_error=self._train_error(job.variant),
            excess=self._excess(deep, best, kept),
            settled=self._settled(deep, best, kept),
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

    def _shrunk(self, deep: Variant, best: Variant, kept: Mapping[str, Job]) -> bool:
        before = self._train_error(deep) - self._train_error(best)
        return self._excess(deep, best, kept) <= max(FITS, _HALF * before)

    def _settled(self, deep: Variant, best: Variant, kept: Mapping[str, Job]) -> bool:
        return self._excess(deep, best, kept) <= FITS

    def _excess(self, deep: Variant, best: Variant, kept: Mapping[str, Job]) -> float:
        errors = [self._train_error(kept[net.name].variant) for net in (deep, best)]
        return errors[0] - errors[1]

    def _train_error(self, variant: Variant) -> float:
        return statistics.fmean(
            self._error(outcome, "train", variant) for outcome in self._outcomes(variant)
        )

    def _validation_error(self, job: Job) -> float:
        """Returns the mean error on validation data, or on what it fits where none are held out."""
        return statistics.fmean(
            self._error(
                outcome,
                "train" if outcome.validation_error is None else "validation",
                job.variant,
            )
            for outcome in self._outcomes(job.variant)
        )

    @staticmethod
    def _error(outcome: Outcome, split: str, variant: Variant) -> float:
        error = outcome.error(split, variant.config.metric)
        assert error is not None
        return error

    def _outcomes(self, variant: Variant) -> Iterable[Outcome]:
        outcomes = [self.session.store(variant, seed).read_outcome() for seed in self.seeds]
        return [outcome for outcome in outcomes if outcome is not None]


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
