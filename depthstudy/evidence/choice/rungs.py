"""Which nets of a search are tried for longer: successive halving on validation error.

All nets are tried for a share of the training, the best of them for a longer one, and so on to the
full training (Jamieson & Talwalkar 2016, arXiv 1502.07943). Each has a whole schedule of its own
length, as one that is cut off favors low learning rates. A short trial favors nets that learn fast,
so nets are only ranked among those of the same stratum of depths, of which each has as many trials.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from depthstudy.errors import InputError

Net = TypeVar("Net")


def plan(trials: int, shares: Sequence[float], keep: float) -> tuple[tuple[int, float], ...]:
    """Returns how many nets of a search are tried in each round, and for which share.

    >>> plan(8, (0.25, 0.5, 1.0), keep=0.5)
    ((8, 0.25), (4, 0.5), (2, 1.0))

    Raises:
      InputError: Shares do not rise to 1.
    """
    if list(shares) != sorted(set(shares)) or not shares or shares[-1] != 1:
        raise InputError(f"config.search.shares={tuple(shares)} has to rise to 1, as (0.5, 1.0)")
    counts = [max(1, math.ceil(trials * keep**i - 1e-9)) for i in range(len(shares))]
    return tuple(zip(counts, shares, strict=True))


def best(errors: Mapping[Net, float], count: int) -> list[Net]:
    """Returns the nets of least error, the best first; at a tie in the order in which they stand.

    >>> best({"a": 0.3, "b": float("nan"), "c": 0.1, "d": 0.3}, 2)
    ['c', 'a']
    """

    def error(net: Net) -> float:
        return math.inf if math.isnan(errors[net]) else errors[net]

    return sorted(errors, key=error)[:count]


def cost(trials: int, shares: Sequence[float], keep: float) -> float:
    """Returns what a search costs, in trainings of full length.

    >>> cost(8, (0.5, 1.0), keep=0.25)
    6.0
    """
    return float(sum(count * share for count, share in plan(trials, shares, keep)))
