"""What is said of each hypothesis."""

from __future__ import annotations

import dataclasses
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
        effect and spread; otherwise ``None``, as also where no number of seeds up to
        a thousand would.
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
      missing: Variants that the claim compares and that no run has the metric of, as they diverged,
        are not done or were not measured; pairs with them are left out.
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
    missing: str = ""
