"""Choices and their prices, and choices at random that are within limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Literal, NamedTuple

import numpy as np

from depthstudy.config import Settings
from depthstudy.errors import InputError
from depthstudy.search.space.genes import Genome, Space

WORST = 1.0  # the error that is told of a net that was rejected, or diverged
_DRAWS = 20_000  # choices of which one has to be within limits


class Priced(NamedTuple):
    """A net within limits: the settings that it means, and what is made small beside its error."""

    settings: Settings
    second: float


class Rejected(NamedTuple):
    """A net beyond a limit: which, by what share of it, its cost, and more words on it."""

    reason: str
    excess: float
    second: float
    detail: str = ""


Method = Literal["tpe", "nsga2", "random"]
Pricing = Callable[[Genome], Priced | Rejected]


class FinishedTrial(NamedTuple):
    """A trial that is over.

    Attributes:
      number: Its number, from 0.
      genome: What was chosen.
      error: Its validation error; ``WORST`` where it was rejected.
      second: What is made small beside the error; 0 where nothing is.
      same_as: The trial whose net it has; ``None`` for a net of its own.
      reason: Why it was rejected; ``""`` where it was not.
    """

    number: int
    genome: Genome
    error: float
    second: float
    same_as: int | None
    reason: str

    @property
    def is_trained(self) -> bool:
        """Whether its net was trained for it."""
        return self.same_as is None and not self.reason


def within_limits(
    space: Space,
    price: Pricing,
    draw: np.random.Generator,
    known: Collection[Settings] = (),
    name: str = "a search",
) -> Genome:
    """Returns a choice at random that is within limits and means a net that is not known.

    All such choices are alike: others are drawn again.

    Raises:
      InputError: Hardly any choice is.
    """
    reasons: Counter[str] = Counter()
    details: Counter[str] = Counter()
    for _ in range(_DRAWS):
        genome = space.sample(draw)
        priced = price(genome)
        if isinstance(priced, Rejected):
            reasons[priced.reason] += 1
            details[priced.detail] += bool(priced.detail)
        elif priced.settings not in known:
            return genome
        else:
            reasons["known already"] += 1
    counts = ", ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
    [(detail, count)] = details.most_common(1) or [("", 0)]
    most = f"; the most frequent words on it, {count:,} times: {detail}" if count else ""
    raise InputError(
        f"config.search: of {_DRAWS:,} nets drawn for {name} none is a new one within the limits "
        f"({counts}); widen strata, limits or the space, or take fewer trials{most}"
    )
