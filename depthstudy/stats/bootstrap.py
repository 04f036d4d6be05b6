"""Intervals of what is made of means over images, from drawing the images anew.

The expanded percentile interval (Hesterberg 2015, "What teachers should know about the bootstrap",
arXiv 1411.5279): percentiles of the statistic over the draws (Efron 1979), taken so much further
out that for a mean of few normal numbers they agree with Student's interval. Images of different
splits are drawn by themselves.

No draw tells anything where all images say the same, as where none is wrong: then there is no
interval, rather than one of no width.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

_DRAWS = 1_000
NUMBERS = 2**24  # of the means that are kept, or looked at together
Floats = NDArray[np.float64]


class Bootstrap:
    """Draws images anew, the same draws for all that is said of the same images.

    >>> errors = np.r_[np.zeros(60), np.ones(40)][:, None]
    >>> low, high = Bootstrap().interval((errors,), lambda means: means[:, 0])
    >>> round(low, 2), round(high, 2)
    (0.3, 0.5)
    """

    def __init__(self, level: float = 0.95, draws: int = _DRAWS, seed: int = 0) -> None:
        """Takes the confidence of the intervals, the number of draws and their seed."""
        self._level, self._draws, self._seed = level, draws, seed
        self._groups: tuple[Floats, ...] = ()
        self._means: Floats | None = None  # of the groups, where they are few enough to be kept

    def interval(
        self,
        groups: tuple[Floats, ...],
        statistic: Callable[[Floats], Floats],
        columns: Sequence[int] | None = None,
    ) -> tuple[float, float] | None:
        """Returns the ends of the interval, or ``None`` where draws tell nothing.

        Args:
          groups: Numbers of each image, ``[images, numbers]``, for each set that is drawn by
            itself. What is given as the very same tuple as before is not drawn anew.
          statistic: From the means of all groups side by side, a row for each draw, to values.
          columns: Which of the numbers, counted over all groups, it takes; ``None`` are all.
        """
        least = min(map(len, groups))
        if least < 2:
            return None
        if groups is not self._groups:
            self._groups, self._means = groups, None
            if self._draws * sum(group.shape[1] for group in groups) <= NUMBERS:
                self._means = self._of_rows(slice(None), None)
        values = np.concatenate([statistic(means) for means in self._chunks(columns)])
        values = values[np.isfinite(values)]
        if not len(values) or np.ptp(values) <= 1e-12 * np.max(np.abs(values)):
            return None
        t = special.stdtrit(least - 1, (1 - self._level) / 2)
        share = float(special.ndtr(t * math.sqrt(least / (least - 1))))
        low, high = np.quantile(values, [share, 1 - share])
        return float(low), float(high)

    def _chunks(self, columns: Sequence[int] | None) -> list[Floats]:
        """Returns the means of some numbers, a part of the draws at a time."""
        if self._means is not None:
            return [self._means if columns is None else self._means[:, columns]]
        width = sum(group.shape[1] for group in self._groups) if columns is None else len(columns)
        size = max(1, NUMBERS // width)
        starts = range(0, self._draws, size)
        return [self._of_rows(slice(start, start + size), columns) for start in starts]

    def _of_rows(self, rows: slice, columns: Sequence[int] | None) -> Floats:
        parts, first = [], 0
        for index, group in enumerate(self._groups):
            weights = _weights(len(group), self._draws, self._seed + index)[rows]
            chosen = group
            if columns is not None:
                chosen = group[:, [c - first for c in columns if 0 <= c - first < group.shape[1]]]
            parts.append(weights @ chosen)
            first += group.shape[1]
        return np.concatenate(parts, axis=1)


@functools.lru_cache(maxsize=4)
def _weights(count: int, draws: int, seed: int) -> Floats:
    """Returns the share of each image in each draw, ``[draws, images]``."""
    random = np.random.default_rng(seed)
    return random.multinomial(count, np.full(count, 1 / count), size=draws) / count
