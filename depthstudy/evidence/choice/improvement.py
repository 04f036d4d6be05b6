"""Whether a run was still improving when its training ended.

A net that is compared before it has learned what it can learn is a statement about the length of
the training, not about the net. Each run is judged against its own noise: the last quarter of its
train loss against the quarter before, in logarithms, as losses fall by factors. The noise is the
scatter of both quarters about one trend, by Student's t, as a short curve has few points to tell it
by. Neighboring points share it in part; their lag-one correlation widens it.

A learning rate that falls to zero flattens any curve, so a run that is not called unfinished may
still gain from more steps. Only a longer training tells (``execute.budget``); this is the cheap
sign that it is worth one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

_LEAST_FALL = 0.05  # of the loss over a quarter of the training, relative; less is not worth steps
_LEAST_ERROR = 0.005  # train error below which there is nothing left to learn
_SURE = 0.975  # of the one-sided test that the loss fell
LEAST_POINTS = 8  # of a curve, to speak of its quarters


class Improvement(NamedTuple):
    """What the last quarter of a training gained.

    Attributes:
      fall: By what share the train loss fell from the third quarter to the last.
      error: Standard error of that share.
      unfinished: Whether the run was still improving, by more than noise and enough to matter.
    """

    fall: float
    error: float
    unfinished: bool


def improvement(losses: ArrayLike, train_error: float) -> Improvement | None:
    """Returns what the last quarter of a training gained, or ``None`` where too little is known.

    >>> improvement([2.0, 1.6, 1.3, 1.1, 0.9, 0.75, 0.6, 0.5], train_error=0.2).unfinished
    True
    >>> improvement([2.0, 1.0, 0.5, 0.41, 0.4, 0.39, 0.4, 0.39], train_error=0.1).unfinished
    False

    Args:
      losses: Mean train loss of equal parts of the training, in order; in nats.
      train_error: Train error at the end, as a fraction.
    """
    values = np.asarray(losses, dtype=np.float64)
    values = values[np.isfinite(values) & (values > 0)]
    if len(values) < LEAST_POINTS:
        return None
    quarter = len(values) // 4
    end = np.log(values[-2 * quarter :])
    fall = float(end[:quarter].mean() - end[quarter:].mean())
    error = _fall_error(end)
    share = 1 - math.exp(-fall)
    least = float(special.stdtrit(2 * quarter - 2, _SURE)) * error
    unfinished = train_error > _LEAST_ERROR and share > _LEAST_FALL and fall > least
    return Improvement(share, error * math.exp(-fall), unfinished)


def _fall_error(values: NDArray[np.float64]) -> float:
    """Returns the standard error of the fall between the halves of a curve, about its trend."""
    count = len(values)
    steps = np.arange(count) - (count - 1) / 2
    slope = float(steps @ values / (steps @ steps))
    rest = values - values.mean() - slope * steps
    spread = float(rest @ rest) / (count - 2)
    lag = float(rest[1:] @ rest[:-1] / (rest @ rest)) if rest.any() else 0.0
    inflation = (1 + max(0.0, lag)) / (1 - min(0.9, max(0.0, lag)))
    return math.sqrt(4 * spread / count * inflation)
