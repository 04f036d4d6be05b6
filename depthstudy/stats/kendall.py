"""How far two rankings agree: Kendall's tau-b (1945), with an interval from drawing items anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

_DRAWS = 2_000
Floats = NDArray[np.float64]


class Agreement(NamedTuple):
    """A tau and its interval; NaN where one ranking has all items tied."""

    tau: float
    low: float
    high: float


def tau_b(one: ArrayLike, other: ArrayLike) -> float:
    """Returns Kendall's tau-b: 1 for the same order, -1 for the opposite; ties are allowed.

    >>> round(tau_b([1, 2, 3, 4], [1, 2, 4, 3]), 3)
    0.667
    """
    ranked, target = _signs(one), _signs(other)
    return float(_weighted(ranked, target, np.ones((1, len(ranked))))[0])


def agreement(one: ArrayLike, other: ArrayLike, *, level: float = 0.95, seed: int = 0) -> Agreement:
    """Returns tau-b with the percentile interval of the bootstrap over items.

    Args:
      one: A number for each item.
      other: Likewise, in the same order.
      level: Confidence of the interval.
      seed: Seed of the draws.
    """
    ranked, target = _signs(one), _signs(other)
    drawn = _weighted(ranked, target, _draws(len(ranked), seed))
    return Agreement(tau_b(one, other), *_ends(drawn, level))


def difference(
    one: ArrayLike, other: ArrayLike, target: ArrayLike, *, level: float = 0.95, seed: int = 0
) -> Agreement:
    """Returns by how much more ``one`` agrees with ``target`` than ``other`` does.

    Both are computed on the same draws, as they rank the same items.
    """
    weights = _draws(len(np.asarray(one)), seed)
    signs = _signs(target)
    drawn = _weighted(_signs(one), signs, weights) - _weighted(_signs(other), signs, weights)
    return Agreement(tau_b(one, target) - tau_b(other, target), *_ends(drawn, level))


def partial(one: ArrayLike, other: ArrayLike, given: Sequence[ArrayLike]) -> float:
    """Returns the rank correlation of two numbers once others are known.

    It is Spearman's correlation of what is left of the ranks after those of ``given``, by least
    squares.
    """
    ranks = [_ranks(values) for values in (one, other)]
    known = np.column_stack([np.ones(len(ranks[0])), *map(_ranks, given)])
    left = [rank - known @ np.linalg.lstsq(known, rank, rcond=None)[0] for rank in ranks]
    norms = [float(np.linalg.norm(values)) for values in left]
    tiny = 1e-9 * len(ranks[0])
    return float(left[0] @ left[1] / (norms[0] * norms[1])) if min(norms) > tiny else float("nan")


def _ranks(values: ArrayLike) -> Floats:
    return np.asarray(pd.Series(np.asarray(values)).rank(), np.float64)


def _signs(values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("expected finite numbers")
    return np.sign(numbers[:, None] - numbers[None, :])


def _draws(count: int, seed: int) -> Floats:
    """Returns how often each item is drawn, ``[draws, items]``."""
    draw = np.random.default_rng(seed)
    return draw.multinomial(count, np.full(count, 1 / count), size=_DRAWS).astype(np.float64)


def _weighted(one: Floats, other: Floats, weights: Floats) -> Floats:
    """Returns tau-b where item ``i`` stands ``weights[..., i]`` times."""

    def sums(matrix: Floats) -> Floats:
        total: Floats = np.einsum("di,ij,dj->d", weights, matrix, weights, optimize=True)
        return total

    size = np.sqrt(sums(one**2) * sums(other**2))
    return np.divide(sums(one * other), size, out=np.full(len(weights), np.nan), where=size > 0)


def _ends(drawn: Floats, level: float) -> tuple[float, float]:
    finite = drawn[np.isfinite(drawn)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
