"""Variants side by side: means, the Pareto front, what pruning did, what was gained."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mean:
    """Mean of a metric over the seeds of a variant: a row of ``means.csv``.

    Attributes:
      variant: Name of the variant.
      metric: A column of ``summary.csv``, as ``"test_error"``, or what a probe said last of the
        whole net, as ``"isometry.log10_condition"``.
      mean: Mean over the seeds with a finite value; NaN where there is none.
      low: Lower end of its 95% confidence interval, of errors for seeds and test images; NaN with
        fewer than two seeds, and where they agree on what may depend on the seed.
      high: Upper end of the same interval.
      seeds: Number of these seeds.
    """

    variant: str
    metric: str
    mean: float
    low: float
    high: float
    seeds: int


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
      equal_budget: Whether it has the most usual budget, as all nets of the front have.
    """

    variant: str
    macs: int
    test_error: float
    low: float
    high: float
    seeds: int
    place: int
    equal_budget: bool = True


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
      harmless: Whether it, and all nets by its method out of which less was taken, are shown to
        lose less test error than ``evidence.costs.pruning.HARMLESS``.
      budget_ratio: Images that it has seen, those of its dense net included if it starts from it,
        against those of the dense net; ``None`` where they are not known.
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
    budget_ratio: float | None = None
    tuned: str = ""
    tuned_change: float = math.nan
    tuned_low: float = math.nan
    tuned_high: float = math.nan

    @property
    def is_trained_anew(self) -> bool:
        """Whether it was trained anew."""
        return self.control != "none"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gain:
    """What a variant gains on the first of its study, and its price: a row of ``gains.csv``.

    Attributes:
      variant: Name of the variant; the first variant has a row, too.
      first: Name of the first variant.
      change: Test error minus that of the first.
      low: Lower end of its confidence interval, which for all variants together is of 95%; NaN with
        fewer than two seeds.
      high: Upper end of the same interval.
      seeds: Number of seeds, the lesser of the two.
      macs: Multiply-accumulates against those of the first.
      seconds: Mean time of a run against that of the first.
      budget_ratio: How many times the images one of the two has seen of the other's; ``None`` where
        that is not known.
    """

    variant: str
    first: str
    change: float
    low: float
    high: float
    seeds: int
    macs: float
    seconds: float
    budget_ratio: float | None = None
