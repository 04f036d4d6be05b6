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

    def worst(self, alpha: float) -> tuple[int, int]:
        """Returns the place of the effect that speaks most against the claim.

        Where some effects refute an equivalence it is one of these, and the one whose interval is
        shown: a larger effect may be too uncertain to refute anything.

        Args:
          alpha: Two-sided level, as of ``interval``.
        """
        means = [[float(effect.mean) for effect in part] for part in self._directed]
        if self.hypothesis.relation in PRESENCE:
            part = int(np.argmin([max(effects) for effects in means]))
            return part, int(np.argmax(means[part]))
        if self.hypothesis.relation == "equivalent":
            if beyond := self._beyond(alpha):
                return max(beyond, key=lambda place: max(beyond[place][0], -beyond[place][1]))
            means = [[abs(effect) for effect in effects] for effects in means]
        part = int(np.argmax([max(effects) for effects in means]))
        return part, int(np.argmax(means[part]))

    def _beyond(self, alpha: float) -> dict[tuple[int, int], tuple[float, float]]:
        """Returns the intervals of the effects that refute an equivalence, by their place."""
        margin, tests = self.hypothesis.margin, sum(map(len, self.parts))
        ends = {
            (part, place): (_low(effect, alpha / tests), _high(effect, alpha / tests))
            for part, effects in enumerate(self._directed)
            for place, effect in enumerate(effects)
        }
        return {k: (low, high) for k, (low, high) in ends.items() if low > margin or high < -margin}

    def interval(self, alpha: float) -> tuple[float, float]:
        """Returns the interval of the worst effect that a two-sided level ``alpha`` decides by."""
        parts = self._directed
        flat = [effect for part in parts for effect in part]
        if self.hypothesis.relation in PRESENCE:
            ends = (
                min(max(_low(e, alpha / len(part)) for e in part) for part in parts),
                min(max(_high(e, alpha / len(parts)) for e in part) for part in parts),
            )
        elif self.hypothesis.relation == "equivalent":
            beyond = self._beyond(alpha)
            ends = (
                beyond[self.worst(alpha)]
                if beyond
                else (min(_low(e, alpha) for e in flat), max(_high(e, alpha) for e in flat))
            )
        else:
            ends = (
                max(_low(e, alpha / len(flat)) for e in flat),
                max(_high(e, alpha) for e in flat),
            )
        return (-ends[1], -ends[0]) if self.hypothesis.relation == "less" else ends

    def distances(self, alpha: float) -> tuple[float, ...]:
        """Returns how far the worst effect lies beyond each boundary that it must pass."""
        part, place = self.worst(alpha)
        mean, margin = float(self._directed[part][place].mean), self.hypothesis.margin
        if self.hypothesis.relation != "equivalent":
            return (abs(mean - margin),)
        if abs(mean) < margin:
            return (margin - mean, margin + mean)
        return (abs(mean) - margin,)

    def tests(self, alpha: float) -> int:
        """Returns how many tests share the level on the side where the worst effect lies."""
        part, place = self.worst(alpha)
        mean, margin = float(self._directed[part][place].mean), self.hypothesis.margin
        if self.hypothesis.relation in PRESENCE:
            return len(self.parts[part]) if mean > margin else len(self.parts)
        if self.hypothesis.relation == "equivalent":
            mean = abs(mean)
        return 1 if mean < margin else sum(map(len, self.parts))


def _low(effect: stats.Contrast, alpha: float) -> float:
    return float(effect.limits(1 - alpha)[0])


def _high(effect: stats.Contrast, alpha: float) -> float:
    return float(effect.limits(1 - alpha)[1])
