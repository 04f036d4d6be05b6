"""What becomes of a net as it gets deeper, and what wins it back."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Where the accuracy of a deeper net went: a row of ``decomposition.csv``.

    Test error is train error plus gap, so the excess of a variant over the best depth of its group
    is the excess of train error (optimization) plus the excess of the gap (generalization).

    Attributes:
      group: Settings that the compared variants share, as ``"plain"`` or ``"plain, norm=none"``.
      variant: The deeper variant.
      best: The variant of the group's best depth, with the least mean validation error
        (test error, where nothing was held out).
      part: ``"total"``, ``"optimization"`` or ``"generalization"``.
      effect: Mean of the variant minus mean of the best.
      low: Lower end of its interval: 95%, and for all the depths that the best was chosen from.
      high: Upper end of the same interval.
      seeds: Least number of runs of the two.
      word: ``"excess"`` (the interval lies above zero), ``"no excess"`` (it lies within the margin,
        or below), or ``"cannot tell"``; then the excess may be up to ``high``. Nothing can be told
        with fewer than three seeds, nor where the best is no better than always naming the largest
        class.
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

    @property
    def established(self) -> bool:
        """Whether the excess is more than chance would show."""
        return self.word == "excess" if self.word else self.low > 0


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
      gap: Mean of its validation error minus its train error there, plain ones also where errors
        are balanced; NaN where it cannot be matched. Test images are looked at in the end only.
      low: Lower end of the gap's 95% confidence interval over seeds; NaN with fewer than two, and
        where they agree.
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
        the level at which Holm's method decided on this one, and for all depths that the best was
        chosen from.
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
        (the best depth does worse with it), ``"no more than its control"`` (the deep net is not
        shown to err less with it than with each of its controls), ``"control"``, or
        ``"not shown"``.
      p: p value of the claim that it is a cause, Holm-adjusted over the rows; NaN of a control,
        and with fewer than three seeds.
      factor: By what it divides the error of ``variant``, over what it divides that of ``best``
        by, where that is above one.
      combines: Names of the treatments that this one has all the settings of, joined by ``" + "``.
      interaction: For such a one, ``recovered`` less what its parts recover each by itself, if
        anything; NaN for others, and where it or a part harms the best. Above zero both are
        needed; below zero what they win back overlaps.
      interaction_low: Lower end of its 95% confidence interval: for all depths that the best was
        chosen from, unless what the untreated best did drops out.
      interaction_high: Upper end of the same interval.
      budget_ratio: How many times the images one net has seen that another has with which it is
        compared, at most; ``None`` where it is not known, and of longer training.
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
    budget_ratio: float | None = None

    @property
    def established(self) -> bool:
        """Whether the treatment wins back more than chance would show, and is no general good."""
        if self.word == "control" or not self.word:
            return self.low > 0
        return self.word == "cause"
