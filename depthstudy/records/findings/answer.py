"""What a study answers first: whether to go deeper, which net to take, and what to do next."""

from __future__ import annotations

import dataclasses
from typing import Literal

DeeperWord = Literal["yes", "no", "not known yet"]
Bound = Literal["", "budget", "recipe", "unfinished"]
NoChoice = Literal[
    "", "nothing learned", "several data sets", "unequal budgets", "nothing learned at equal budget"
]


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
      excess_high: The most that ``deepest`` may err more than a lesser depth: the greatest upper
        end of its intervals against each; ``None`` with fewer than three seeds, and where no depth
        is better than always naming the largest class.
      bound: What the answer may be an artifact of: ``"budget"`` (trained longer, half of an excess
        that is more than chance, or more, is gone), ``"recipe"`` (so it is where each net has the
        settings tuned for it), ``"unfinished"`` (the deepest was still improving and was not
        trained longer), or ``""``.
      effect_longer: The same effect where both were trained longest, as long as each other;
        ``None`` where they were not.
      effect_own_settings: The same effect with the settings tuned for each; ``None`` likewise.
      seeds_needed: Seeds that would settle what is not known, where a number of seeds would.
      images_needed: Test images that would, where seeds would not.
      learned: Whether any of the depths is better than always naming the largest class.
    """

    group: str
    word: DeeperWord
    deepest: str
    against: str
    effect: float
    low: float | None
    high: float | None
    seeds: int
    excess_high: float | None = None
    bound: Bound = ""
    effect_longer: float | None = None
    effect_own_settings: float | None = None
    seeds_needed: int | None = None
    images_needed: int | None = None
    learned: bool = True


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
      no_choice: Why no net is recommended; ``""`` where one is, or there is no choice.
    """

    group: str
    depths: tuple[DepthAnswer, ...]
    next: NextStep
    no_choice: NoChoice = ""


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
      scope: What that and ``ties`` speak of, as in ``Verdict``: ``"images like these"`` for other
        seeds and other images of the split that it is chosen on, ``"these images"`` for other seeds
        only; ``""`` in studies of earlier versions.
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
    scope: str = ""
