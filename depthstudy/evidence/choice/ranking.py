"""Whether scores of untrained nets rank them as training does, and better than their size does.

Most scores grow with parameters and depth, so the number of parameters is the control (Abdelfattah
et al. 2021, arXiv 2101.08134; Ning et al. 2021, arXiv 2008.03064).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from depthstudy.records import ScoreRank
from depthstudy.stats import kendall

Word = Literal["supported", "refuted", "inconclusive"]

SIZES = ("parameters", "macs")  # what every score has to beat
LEAST_NETS = 10


def rank(
    errors: Sequence[float], scores: Mapping[str, Sequence[float]], *, alpha: float = 0.05
) -> list[ScoreRank]:
    """Returns how each score ranks nets, and whether it does so better than their size.

    Args:
      errors: Validation error of each net.
      scores: By name, a number for each net, greater for a better one; ``"parameters"`` and
        ``"macs"`` are among them. Nets of which a number or the error is not finite are left out.
      alpha: Level of all comparisons together (Bonferroni).

    Returns:
      A row for each score; none where fewer than ten nets are left.
    """
    table = np.array([errors, *scores.values()], dtype=np.float64)
    table = table[:, np.isfinite(table).all(axis=0)]
    if table.shape[1] < LEAST_NETS:
        return []
    accuracy, columns = -table[0], dict(zip(scores, table[1:], strict=True))
    compared = [name for name in scores if name not in SIZES]
    level = 1 - alpha / max(1, len(compared))
    rows = []
    for name, values in columns.items():
        agreement = kendall.agreement(values, accuracy)
        over = kendall.Agreement(math.nan, math.nan, math.nan)
        partial = math.nan
        if name in compared:
            over = kendall.difference(values, columns["parameters"], accuracy, level=level)
            partial = kendall.partial(values, accuracy, [columns[size] for size in SIZES])
        rows.append(
            ScoreRank(
                score=name,
                nets=table.shape[1],
                tau=agreement.tau,
                low=agreement.low,
                high=agreement.high,
                over_parameters=over.tau,
                over_low=over.low,
                over_high=over.high,
                partial=partial,
                word=_word(over) if name in compared else "",
            )
        )
    return rows


def headline(rows: Sequence[ScoreRank]) -> tuple[Word, ScoreRank] | None:
    """Returns whether any score ranks nets better than their size does, and the one to say it of.

    Its level is that of all comparisons together. Refuted it is where each score ranks worse.
    """
    compared = [row for row in rows if row.word and math.isfinite(row.over_parameters)]
    if not compared:
        return None
    better = [row for row in compared if row.word == "supported"]
    best = max(better or compared, key=lambda row: row.over_parameters)
    if not better and any(row.word == "inconclusive" for row in compared):
        return "inconclusive", best
    return ("supported" if better else "refuted"), best


def _word(over: kendall.Agreement) -> Word:
    if over.low > 0:
        return "supported"
    return "refuted" if over.high < 0 else "inconclusive"
