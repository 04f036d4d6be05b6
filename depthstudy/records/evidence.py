"""What is concluded from the runs of a study."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

VerdictWord = Literal["supported", "refuted", "inconclusive", "not tested"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the evidence says of one hypothesis: a row of ``verdicts.csv``.

    A claim speaks of each of its parts, and its effect is that of its worst part: the one that
    speaks most against it.

    Attributes:
      hypothesis: Name of the hypothesis.
      verdict: The word that the evidence allows.
      effect: Estimated effect of the worst part, in units of the metric (NaN where not tested).
      low: Lower end of its interval, of confidence ``level``: the interval that decides.
      high: Upper end of the same interval.
      p: p value, Holm-adjusted over the hypotheses of the study.
      seeds: Least number of runs of the variants that the verdict rests on.
      seeds_to_settle: For an inconclusive verdict, the seeds that would settle it at the observed
        effect and spread; otherwise ``None``, as also where no number of seeds would.
      level: Confidence of the interval, after Holm's method and for the number of parts.
      scope: What the verdict speaks of: ``"images like these"`` (chance of seeds and of test
        images), ``"these images"`` (of seeds only), ``"seeds"`` (a metric that is not counted on
        images), or ``"exact"`` (a number that does not depend on the seed).
      parts: Every compared pair as JSON, a list of ``{"left", "right", "effect", "low", "high"}``
        with intervals of 95% each.
      average: Mean effect over the pairs.
      ratio: Mean error of the left variant over that of the right one in the worst part; ``None``
        for other metrics. Where the margin is 0 any size counts, and this one was seen.
      failed: Runs that failed, as ``"plain-56: 2 of 5"``; they count in every mean.
      unseen_failures: The greatest rate of failures that the seeds of a variant without any leave
        possible (95%).
      seeds_low: ``seeds_to_settle`` at the lower end of the spread's 80% interval.
      seeds_high: The same at its upper end.
      images_to_settle: Test images that would settle it where more seeds would not.
      look: Number of seeds at the look that decided it, or at the last one, in a study that looks
        again; 0 where it looked once.
      no_better: Nets no better than always naming the largest class, whose differences were left
        out of the verdict.
      budget_ratio: How many times the images the one net of a pair has seen in training that the
        other one has, at most over the pairs; ``None`` where it is not known.
    """

    hypothesis: str
    verdict: VerdictWord
    effect: float
    low: float
    high: float
    p: float
    seeds: int
    seeds_to_settle: int | None
    level: float = 0.95
    scope: str = ""
    parts: str = "[]"
    average: float | None = None
    ratio: float | None = None
    failed: str = ""
    unseen_failures: float | None = None
    seeds_low: int | None = None
    seeds_high: int | None = None
    images_to_settle: int | None = None
    look: int = 0
    no_better: str = ""
    budget_ratio: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Where the accuracy of a deeper net went: a row of ``decomposition.csv``.

    Test error is train error plus gap, so the excess of a variant over the best depth of its group
    is the excess of train error (optimization) plus the excess of the gap (generalization).

    Attributes:
      group: Settings that the compared variants share, as ``"plain"`` or ``"plain, norm=none"``.
      variant: The deeper variant.
      best: The variant of the group's best depth, with the least mean test error.
      part: ``"total"``, ``"optimization"`` or ``"generalization"``.
      effect: Mean of the variant minus mean of the best.
      low: Lower end of its interval: 95%, and for all the depths that the best was chosen from.
      high: Upper end of the same interval.
      seeds: Least number of runs of the two.
      word: ``"excess"`` (the interval lies above zero), ``"no excess"`` (it lies within the margin,
        or below), or ``"cannot tell"``; then the excess may be up to ``high``.
      scope: As in ``Verdict``.
    """

    group: str
    variant: str
    best: str
    part: Literal["total", "optimization", "generalization"]
    effect: float
    low: float
    high: float
    seeds: int
    word: str = ""
    scope: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MatchedGap:
    """The gap of a variant when it had learned as much as the worst: a row of ``matched.csv``.

    What is compared are the variants of a group, seed by seed. The level is the train loss at which
    the worst-trained of them ends; each is looked at where its train loss first passes that level,
    interpolated between two evaluations in the logarithm of the loss.

    Attributes:
      group: Settings that the compared variants share.
      variant: Name of the variant.
      level: Geometric mean of the level over the seeds, in nats.
      train_loss: The variant's train loss where it is looked at, averaged likewise; the level, but
        where it cannot be matched: then that of its first evaluation, which is below the level.
      step: Mean of the step at which that is.
      gap: Mean of its test error minus its train error there; NaN where it cannot be matched.
      low: Lower end of the gap's 95% confidence interval; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of seeds.
      matched: Whether the variant was evaluated on both sides of the level, for every seed.
    """

    group: str
    variant: str
    level: float
    train_loss: float
    step: float
    gap: float
    low: float
    high: float
    seeds: int
    matched: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attribution:
    """What a treatment wins back of a deep net's excess error: a row of ``attribution.csv``.

    The excess is the test error of the deep variant minus that of the best depth of its group. Its
    rows are there only where it is more than chance: where its interval lies above zero.

    Attributes:
      group: Settings that the untreated variants share, as ``"plain"``.
      variant: The deeper variant, untreated.
      best: The variant of the group's best depth, untreated.
      mechanism: What the treatment is aimed at, as in ``config.Treatment``.
      treatment: Name of the treatment.
      excess: Mean excess over the seeds that ``variant`` and ``best`` share.
      excess_low: Lower end of its 95% confidence interval.
      excess_high: Upper end of the same interval.
      gain: How much the treatment lowers the test error of ``variant``.
      gain_at_best: How much it lowers that of ``best``: what it does for any net.
      recovered: ``gain``, less ``gain_at_best`` where that is above zero.
      low: Lower end of the interval of ``recovered``: 95% for all rows of the study together, at
        the level at which Holm's method decided on this one.
      high: Upper end of the same interval.
      share: ``recovered`` as a share of the excess.
      share_low: Lower end of its 95% interval (Fieller 1954); NaN where it has no bounds.
      share_high: Upper end of the same interval.
      optimization_part: The part of ``recovered`` that is train error.
      generalization_part: The part that is the gap; the two add up to ``recovered``.
      control_of: Name of the treatment that this one is the control of, or ``""``.
      seeds: Least number of runs of the four variants.
      word: ``"cause"`` (wins back more than chance would show, in points and by factors),
        ``"points only"`` (it may do as much, by factors, for the best depth), ``"harms the best"``
        (the best depth does worse with it), ``"control"``, or ``"not shown"``.
      p: p value of the claim that it is a cause, Holm-adjusted over the rows.
      factor: By what it divides the error of ``variant``, over what it divides that of ``best``
        by, where that is above one.
      combines: Names of the treatments that this one has all the settings of, joined by ``" + "``.
      interaction: For such a one, ``recovered`` less what its parts recover each by itself; NaN
        for others. Above zero both are needed; below zero either does.
      interaction_low: Lower end of its 95% confidence interval.
      interaction_high: Upper end of the same interval.
    """

    group: str
    variant: str
    best: str
    mechanism: str
    treatment: str
    excess: float
    excess_low: float
    excess_high: float
    gain: float
    gain_at_best: float
    recovered: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    optimization_part: float
    generalization_part: float
    control_of: str = ""
    seeds: int
    word: str = ""
    p: float = math.nan
    factor: float = math.nan
    combines: str = ""
    interaction: float = math.nan
    interaction_low: float = math.nan
    interaction_high: float = math.nan

    @property
    def established(self) -> bool:
        """Whether the treatment wins back more than chance would show, and is no general good."""
        if self.word == "control" or not self.word:
            return self.low > 0
        return self.word == "cause"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The variant to take, and what it saves: the content of ``recommendation.json``.

    Attributes:
      variant: Name of the variant.
      group: Its group.
      treatment: Its treatment, or ``""``.
      depth: Weight layers on the longest path.
      parameters: Trained numbers.
      macs: Multiply-accumulates for one image.
      seconds: Mean wall time of a run.
      test_error: Mean over its seeds, corrected for its being chosen by this very error.
      low: Lower end of its 95% confidence interval; ``None`` with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of its seeds.
      best: The variant of least mean error where it was chosen, which may be the same.
      over_best: Mean test error over that of ``best``.
      macs_saved_best: Share of the multiply-accumulates of ``best`` that it saves.
      deepest: The deepest untreated variant of equal budget and on the same images, if any is; of
        equally deep ones that of least mean error.
      over_deepest: Mean test error over that of ``deepest``; below zero it is better.
      macs_saved_deepest: Share of the multiply-accumulates of ``deepest`` that it saves.
      chosen_on: ``"validation"``, or ``"test"`` where no validation error was measured.
      optimism: What the choice made the test error look smaller by, which is added to it.
      ties: The variants that cannot be told from the best, the simplest first, joined by ``", "``.
      excluded: Variants that were not compared, as their budget is another, joined likewise.
      enough: Whether the evidence is enough to prefer any of the variants to another.
    """

    variant: str
    group: str
    treatment: str
    depth: int
    parameters: int
    macs: int
    seconds: float
    test_error: float
    low: float | None
    high: float | None
    seeds: int
    best: str
    over_best: float
    macs_saved_best: float
    deepest: str
    over_deepest: float
    macs_saved_deepest: float
    chosen_on: str = "test"
    optimism: float = 0.0
    ties: str = ""
    excluded: str = ""
    enough: bool = True
