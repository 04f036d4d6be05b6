"""Settings that were tried, nets that were trained longer, and verdicts that outlive both."""

from __future__ import annotations

import dataclasses
from typing import Literal

RobustnessWord = Literal["", "robust", "recipe-bound", "budget-bound", "settled by training longer"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialRow:
    """A setting that was tried for a net: a row of ``tuning.csv``.

    Attributes:
      variant: Name of the variant.
      trial: Number of the trial, counted from 1.
      settings: What was tried, as ``"train.learning_rate=0.01"``.
      steps: Length of its training.
      seeds: Number of its seeds, none of which a variant has.
      validation_error: Mean over its seeds; NaN where a run diverged.
      chosen: Whether it is the one that the variant then trains with.
      beyond_grid: Whether it was added to the grid, as the best lay at an edge for some variant.
      at_edge: Of the one that is chosen, the fields whose value is the least or the greatest that
        was tried, as ``"train.learning_rate"``: more may be gained beyond.
    """

    variant: str
    trial: int
    settings: str
    steps: int
    seeds: int
    validation_error: float
    chosen: bool
    beyond_grid: bool = False
    at_edge: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExpectedBest:
    """The error to expect of the best of some trials of a variant: a row of ``expected_best.csv``.

    Attributes:
      variant: Name of the variant.
      trials: How many trials of its grid are drawn.
      validation_error: Expected least validation error among them (Dodge et al. 2019, unbiased as
        in Tang et al. 2020); a trial that diverged errs like a guess.
      needed: The least number of trials at which it is within a point of that of all.
    """

    variant: str
    trials: int
    validation_error: float
    needed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class BudgetRow:
    """A longer training of a net that did not fit: a row of ``budget.csv``.

    Attributes:
      variant: Name of the variant.
      reference: Of the variants that it is compared with the one that fits best.
      factor: By how much longer both were trained.
      steps: Length of its training then.
      seeds: Number of seeds.
      excess_before: Its train error over that of the reference, both as in the plan.
      train_error: Its mean train error after the longer training.
      excess: Its train error over that of the reference, both trained longer.
      settled: Whether it fits as well then, within a point.
      settings: What it was trained with, as ``"train.learning_rate=0.01"``, the steps apart.
    """

    variant: str
    reference: str
    factor: int
    steps: int
    seeds: int
    excess_before: float
    train_error: float
    excess: float
    settled: bool
    settings: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Robustness:
    """What becomes of a verdict with other recipes: a row of ``robustness.csv``.

    Attributes:
      hypothesis: Name of the hypothesis.
      word: ``"robust"``: the same with each net tuned and trained longer. ``"recipe-bound"``: the
        effect shrinks by half or more, or turns, where each net has its own settings.
        ``"budget-bound"``: it shrinks by half or more with a longer training; or nothing was
        trained longer, though a run was still improving; or a net that does not fit was trained
        longer, and what it is compared with was not. ``"settled by training longer"``: it is gone
        then, or turns. ``""``: nothing was decided or checked.
      effect: The effect that the verdict is about.
      effect_own_settings: The same where each net has the settings that were tuned for it; NaN
        where none were.
      effect_longer: The same where nets that did not fit, and those that they are compared with,
        were trained longest, as long as each other; NaN where they were not.
      unfinished: How many of its nets have a run that was still improving.
    """

    hypothesis: str
    word: RobustnessWord
    effect: float
    effect_own_settings: float
    effect_longer: float
    unfinished: int
