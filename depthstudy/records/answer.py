"""What a study answers first: whether to go deeper, and what to do next."""

from __future__ import annotations

import dataclasses
from typing import Literal

DeeperWord = Literal["yes", "no", "not known yet"]
Bound = Literal["", "budget", "recipe", "unfinished"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DepthAnswer:
    """Whether a greater depth lowers the test error of a group: an entry of ``answer.json``.

    Attributes:
      group: Settings that the compared variants share, as ``"plain"``.
      word: ``"yes"``: the greatest depth errs less than every other. ``"no"``: it errs more than
        the best, or a lesser depth errs as little, within a point. ``"not known yet"`` otherwise.
      deepest: The variant of greatest depth.
      against: The variant that it is set against: the best depth, or the best of the others.
      effect: Test error of ``deepest`` minus that of ``against``.
      low: Lower end of its interval, for all depths together; ``None`` where there is none.
      high: Upper end of the same interval.
      seeds: Least number of runs of the two.
      bound: What the answer may be an artefact of: ``"budget"`` (trained longer, half of the excess
        or more is gone), ``"recipe"`` (so it is where each net has the settings tuned for it),
        ``"unfinished"`` (the deepest was still improving and was not trained longer), or ``""``.
      effect_longer: The same effect where both were trained longest; ``None`` where they were not.
      effect_own_settings: The same effect with the settings tuned for each; ``None`` likewise.
      seeds_needed: Seeds that would settle what is not known, where a number of seeds would.
      images_needed: Test images that would, where seeds would not.
    """

    group: str
    word: DeeperWord
    deepest: str
    against: str
    effect: float
    low: float | None
    high: float | None
    seeds: int
    bound: Bound = ""
    effect_longer: float | None = None
    effect_own_settings: float | None = None
    seeds_needed: int | None = None
    images_needed: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class NextStep:
    """What to do next, and why.

    Attributes:
      reason: A sentence.
      command: The command line that does it, or ``""`` where no command does.
      seconds: Wall time that it takes, from what the runs so far took; ``None`` where unknown.
    """

    reason: str
    command: str = ""
    seconds: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What a study says on its first screen: the content of ``answer.json``.

    Attributes:
      group: The group that the question is answered for: that of the recommended net.
      depths: The answer of each untreated group that has several depths.
      next: What to do next.
    """

    group: str
    depths: tuple[DepthAnswer, ...]
    next: NextStep
