"""Looking again: error that is spent over the looks at a growing number of seeds.

A study that stops as soon as it is sure looks several times, and each look may err. The error is
split among the looks by a spending function (Lan & DeMets 1983), and a look tests at the share that
falls to it. As the shares add up to the whole (Bonferroni), the promise holds for t tests with few
degrees of freedom and for any dependence of the looks; it is a little less than a normal theory
would allow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import special

Spending = Literal["pocock", "obrien_fleming", "even"]
LOOKS = (3, 5, 10, 20)


def nominal_levels(
    looks: Sequence[int] = LOOKS, alpha: float = 0.05, spending: Spending = "pocock"
) -> dict[int, float]:
    """Returns the level at which each look tests, so that all looks together err by ``alpha``.

    >>> {seeds: round(level, 4) for seeds, level in nominal_levels().items()}
    {3: 0.0115, 5: 0.0064, 10: 0.0131, 20: 0.019}

    Args:
      looks: Numbers of seeds at which it is looked, growing; the last is the most there will be.
      alpha: Error over all looks.
      spending: How much may be spent by the time that a share of the seeds is in: about alike at
        each look (``"pocock"``), little before the end (``"obrien_fleming"``, which with three of
        twenty seeds decides nothing), or in proportion to the seeds (``"even"``).

    Raises:
      ValueError: The looks do not grow, or ``alpha`` is not in (0, 1).
    """
    if not looks or list(looks) != sorted(set(looks)) or looks[0] < 2 or not 0 < alpha < 1:
        raise ValueError(f"expected growing numbers of seeds and a level, got {looks}, {alpha}")
    shares = np.array(looks) / looks[-1]
    if spending == "pocock":
        spent = alpha * np.log1p((math.e - 1) * shares)
    elif spending == "obrien_fleming":
        spent = 2 * special.ndtr(-special.ndtri(1 - alpha / 2) / np.sqrt(shares))
    else:
        spent = alpha * shares
    return dict(zip(looks, np.diff(spent, prepend=0.0).tolist(), strict=True))
