"""The error to expect of the best of some trials, against their number.

Dodge et al. 2019, "Show Your Work" (arXiv 1909.03004): a result that was tuned is a function of how
often one tried. Their estimate draws trials with replacement, which makes it biased; this one draws
without, and is the unbiased one of Tang et al. 2020 (arXiv 2010.04296).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def expected_best(errors: ArrayLike) -> NDArray[np.float64]:
    """Returns the expected least error of 1, 2, ... and all of some trials.

    >>> expected_best([0.3, 0.1, 0.2]).round(4).tolist()
    [0.2, 0.1333, 0.1]

    Args:
      errors: Validation error of each trial, in any order; at least one.

    Returns:
      ``expected[k - 1]`` is the mean of the least error over all choices of ``k`` of the trials.

    Raises:
      ValueError: An error is not finite, or there is none.
    """
    ordered = np.sort(np.asarray(errors, dtype=np.float64))
    count = len(ordered)
    if not count or not np.isfinite(ordered).all():
        raise ValueError(f"expected finite errors of at least one trial, got {ordered.tolist()}")
    # The i-th least is the least of those chosen where the others are among the ones above it.
    chances = [
        [math.comb(count - 1 - i, k - 1) / math.comb(count, k) for i in range(count)]
        for k in range(1, count + 1)
    ]
    return np.asarray(chances) @ ordered
