"""What is concluded from the runs of a study."""

from __future__ import annotations

import dataclasses
import math
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mean:
    """Mean of a metric over the seeds of a variant: a row of ``means.csv``.

    Attributes:
      variant: Name of the variant.
      metric: A column of ``summary.csv``, as ``"test_error"``, or what a probe said last of the
        whole net, as ``"isometry.log10_condition"``.
      mean: Mean over the seeds with a finite value; NaN where there is none.
      low: Lower end of its 95% confidence interval; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of these seeds.
    """

    variant: str
    metric: str
    mean: float
    low: float
    high: float
    seeds: int

    @property
    def half(self) -> float:
        """Half of the interval's width; NaN where there is no interval."""
        return (self.high - self.low) / 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParetoPoint:
    """Test error and cost of a variant, and whether it is worth it: a row of ``pareto.csv``.

    Attributes:
      variant: Name of the variant.
      macs: Multiply-accumulates for one image.
      test_error: Mean over its seeds.
      low: Lower end of its 95% confidence interval; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of its seeds.
      place: Place on the Pareto front by rising cost, from 1; 0 off the front.
    """

    variant: str
    macs: int
    test_error: float
    low: float
    high: float
    seeds: int
    place: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrunedNet:
    """What pruning took out of a net, and what that did to it: a row of ``pruning.csv``.

    Shares are of the dense net. Differences are of test error over the seeds that both nets have,
    with their 95% confidence interval (NaN with fewer than two seeds).

    Attributes:
      variant: Name of the pruned variant.
      dense: Name of the variant from whose trained nets it starts.
      origin: What tells its dense net from others, as ``"depth 44"``.
      part: What was taken out.
      share: How much of it.
      method: How it was chosen, as ``"magnitude"``.
      control: ``"none"`` for a net that was trained on; else what the net that was trained anew in
        its shape had equal, as in ``config.PruneConfig``.
      weights_left: Share of the weights that is left; of masked nets, of those that may be pruned.
      macs_left: Share of the multiply-accumulates that is left; what masks leave is all of them.
      step_time: Time of a training step against the dense net's; NaN where it was not taken.
      change: Test error minus that of the dense net.
      change_low: Lower end of the interval of ``change``.
      change_high: Upper end of the same interval.
      seeds: Number of seeds that ``change`` rests on.
      harmless: Whether it, and all nets by its method out of which less was taken, lose less test
        error than ``evidence.pruning.HARMLESS``.
      tuned: For a control, the net of its shape that was trained on; ``""`` where there is none.
      tuned_change: Test error of ``tuned`` minus its own.
      tuned_low: Lower end of the interval of ``tuned_change``.
      tuned_high: Upper end of the same interval.
    """

    variant: str
    dense: str
    origin: str
    part: Literal["weights", "channels", "blocks"]
    share: float
    method: str
    control: str
    weights_left: float
    macs_left: float
    step_time: float
    change: float
    change_low: float
    change_high: float
    seeds: int
    harmless: bool
    tuned: str = ""
    tuned_change: float = math.nan
    tuned_low: float = math.nan
    tuned_high: float = math.nan

    @property
    def is_control(self) -> bool:
        """Whether it was trained anew."""
        return self.control != "none"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gain:
    """What a variant gains on the first of its study, and its price: a row of ``gains.csv``.

    Attributes:
      variant: Name of the variant; the first variant has a row, too.
      first: Name of the first variant.
      change: Test error minus that of the first, over the seeds that both have.
      low: Lower end of its 95% confidence interval; NaN with fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of these seeds.
      macs: Multiply-accumulates against those of the first.
      seconds: Mean time of a run against that of the first.
    """

    variant: str
    first: str
    change: float
    low: float
    high: float
    seeds: int
    macs: float
    seconds: float
