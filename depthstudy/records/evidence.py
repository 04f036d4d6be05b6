"""What is concluded from the runs of a study."""

from __future__ import annotations

import dataclasses
from typing import Literal

VerdictWord = Literal["supported", "refuted", "inconclusive", "not tested"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the evidence says of one hypothesis: a row of ``verdicts.csv``.

    Attributes:
      hypothesis: Name of the hypothesis.
      verdict: The word that the evidence allows.
      effect: Estimated effect, in units of the metric (NaN where not tested).
      low: Lower end of the 95% confidence interval of the effect.
      high: Upper end of the same interval.
      p: p value, Holm-adjusted over the hypotheses of the study.
      seeds: Number of paired seeds that the verdict rests on.
      seeds_to_settle: For an inconclusive verdict, the seeds that would settle it at the observed
        effect and spread; otherwise ``None``, as also where no number of seeds would.
    """

    hypothesis: str
    verdict: VerdictWord
    effect: float
    low: float
    high: float
    p: float
    seeds: int
    seeds_to_settle: int | None


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
      effect: Mean over the paired seeds of variant minus best.
      low: Lower end of its 95% confidence interval.
      high: Upper end of the same interval.
      seeds: Number of paired seeds.
    """

    group: str
    variant: str
    best: str
    part: Literal["total", "optimization", "generalization"]
    effect: float
    low: float
    high: float
    seeds: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class MatchedGap:
    """The gap of a variant when it had learned as much as the worst: a row of ``matched.csv``.

    What is compared are the variants of a group, seed by seed. The level is the train loss at which
    the worst-trained of them ends; each is looked at when its train loss first is at that level or
    below it.

    Attributes:
      group: Settings that the compared variants share.
      variant: Name of the variant.
      level: Mean of the level over the seeds, in nats.
      train_loss: Mean of its own train loss when it is looked at, in nats.
      step: Mean of the step at which that is.
      gap: Mean of its test error minus its train error at that step.
      low: Lower end of the gap's 95% confidence interval; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of seeds.
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
      low: Lower end of the 95% confidence interval of ``recovered``.
      high: Upper end of the same interval.
      share: ``recovered`` as a share of the excess.
      share_low: Lower end of its 95% interval (Fieller 1954); NaN where it has no bounds.
      share_high: Upper end of the same interval.
      optimization_part: The part of ``recovered`` that is train error.
      generalization_part: The part that is the gap; the two add up to ``recovered``.
      control_of: Name of the treatment that this one is the control of, or ``""``.
      seeds: Number of seeds that the four variants share, on which all but the excess rests.
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

    @property
    def established(self) -> bool:
        """Whether the treatment wins back more than chance would show."""
        return self.low > 0


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
      test_error: Mean over its seeds.
      low: Lower end of its 95% confidence interval; ``None`` with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of its seeds.
      best: The variant of least mean test error, which may be the same.
      over_best: Mean test error over that of ``best``.
      macs_saved_best: Share of the multiply-accumulates of ``best`` that it saves.
      deepest: The deepest variant, of equally deep ones that of least mean test error.
      over_deepest: Mean test error over that of ``deepest``; below zero it is better.
      macs_saved_deepest: Share of the multiply-accumulates of ``deepest`` that it saves.
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
