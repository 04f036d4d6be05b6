"""One claim about several effects: its p values for and against, and the interval that decides.

A claim holds where all of its parts hold, and is refuted where one of them is. Support is therefore
the weakest of the parts' tests (intersection-union, Berger 1982) and needs no correction; refusal
is the strongest of them, corrected for their number (Bonferroni). Within a trend it is the other
way about: a metric rises to the greatest depth where this one is above *some* lesser one.

The interval is had from the same limits, so it lies on one side of the margin exactly where the
claim is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from depthstudy import stats
from depthstudy.config import Hypothesis

PRESENCE = ("greater", "less", "rises")


class Weighed(NamedTuple):
    """A claim and its effects, each in the direction and the units of the metric.

    Attributes:
      hypothesis: The claim.
      parts: Its effects by part; several to a part in a trend.
      pairs: The variants whose difference each effect is.
    """

    hypothesis: Hypothesis
    parts: Sequence[Sequence[stats.Contrast]]
    pairs: Sequence[Sequence[tuple[str, str]]]

    @property
    def _directed(self) -> list[list[stats.Contrast]]:
        if self.hypothesis.relation != "less":
            return [list(part) for part in self.parts]
        return [[effect.mirrored() for effect in part] for part in self.parts]

    def p_values(self) -> tuple[float, float]:
        """Returns the one-sided p values for and against the claim."""
        margin, parts = self.hypothesis.margin, self._directed
        flat = [effect for part in parts for effect in part]
        if self.hypothesis.relation in PRESENCE:
            shown = [len(part) * min(float(e.p_greater(margin)) for e in part) for part in parts]
            lacking = [max(float(e.p_less(margin)) for e in part) for part in parts]
            return min(1.0, max(shown)), min(1.0, len(parts) * min(lacking))
        if self.hypothesis.relation == "equivalent":
            support = max(float(e.p_equivalent(margin)) for e in flat)
            return support, min(1.0, len(flat) * min(float(e.p_beyond(margin)) for e in flat))
        support = max(float(e.p_less(margin)) for e in flat)
        return support, min(1.0, len(flat) * min(float(e.p_greater(margin)) for e in flat))

    def worst(self) -> tuple[int, int]:
        """Returns the place of the effect that speaks most against the claim."""
        means = [[float(effect.mean) for effect in part] for part in self._directed]
        if self.hypothesis.relation in PRESENCE:
            part = int(np.argmin([max(effects) for effects in means]))
            return part, int(np.argmax(means[part]))
        if self.hypothesis.relation == "equivalent":
            means = [[abs(effect) for effect in effects] for effects in means]
        part = int(np.argmax([max(effects) for effects in means]))
        return part, int(np.argmax(means[part]))

    def interval(self, alpha: float) -> tuple[float, float]:
        """Returns the interval of the worst effect that a two-sided level ``alpha`` decides by."""
        parts, margin = self._directed, self.hypothesis.margin
        flat = [effect for part in parts for effect in part]

        def low(effect: stats.Contrast, tests: int) -> float:
            return float(effect.limits(1 - alpha / tests)[0])

        def high(effect: stats.Contrast, tests: int) -> float:
            return float(effect.limits(1 - alpha / tests)[1])

        if self.hypothesis.relation in PRESENCE:
            ends = (
                min(max(low(e, len(part)) for e in part) for part in parts),
                min(max(high(e, len(parts)) for e in part) for part in parts),
            )
        elif self.hypothesis.relation == "equivalent":
            all_ends = [(low(e, len(flat)), high(e, len(flat))) for e in flat]
            beyond = [(a, b) for a, b in all_ends if a > margin or b < -margin]
            ends = max(beyond, key=lambda end: max(end[0], -end[1]), default=None) or (
                min(low(e, 1) for e in flat),
                max(high(e, 1) for e in flat),
            )
        else:
            ends = max(low(e, len(flat)) for e in flat), max(high(e, 1) for e in flat)
        return (-ends[1], -ends[0]) if self.hypothesis.relation == "less" else ends

    def distances(self) -> tuple[float, ...]:
        """Returns how far the worst effect lies beyond each boundary that it must pass."""
        part, place = self.worst()
        mean, margin = float(self._directed[part][place].mean), self.hypothesis.margin
        if self.hypothesis.relation != "equivalent":
            return (abs(mean - margin),)
        if abs(mean) < margin:
            return (margin - mean, margin + mean)
        return (abs(mean) - margin,)
