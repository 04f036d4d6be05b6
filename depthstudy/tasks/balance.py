"""Errors that count all classes alike, however many examples each has."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64, Num


def balanced_error(errors: Float64[np.ndarray, " n"], labels: Num[np.ndarray, "n ..."]) -> float:
    """Returns the mean over classes of the mean error of each; NaN where a label is no class.

    One minus the balanced accuracy of Brodersen et al. 2010.

    >>> balanced_error(np.array([0.0, 0.0, 0.0, 1.0]), np.array([0, 0, 0, 1]))
    0.5

    Args:
      errors: Error of each example.
      labels: Class of each.
    """
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        return math.nan
    counts = np.bincount(labels)
    present = counts > 0
    sums = np.bincount(labels, errors)
    return float(np.mean(sums[present] / counts[present]))


def effective_count(labels: Num[np.ndarray, "n ..."]) -> int:
    """Returns on how many examples of even classes an error would be as sure as a balanced one.

    With as many examples of each class that is their number; with uneven classes it is less:
    ``K² / Σ 1/n`` of ``K`` classes with ``n`` examples each.

    >>> effective_count(np.repeat([0, 1], [50, 50])), effective_count(np.repeat([0, 1], [90, 10]))
    (100, 36)
    """
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    return max(1, round(len(counts) ** 2 / float(np.sum(1 / counts))))
