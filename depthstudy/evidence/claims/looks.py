"""Looks at a growing number of seeds until a hypothesis is decided, with error that is spent.

Looking again at more seeds as long as nothing is decided decides wrongly more often than one look
does. So each look tests at its share of the level (``stats.nominal_levels``), over the hypotheses
that are still open, and what is decided stays decided as it was seen then. A study that had spent
the whole level, as one that looked once, has little left for the looks that are added later.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from depthstudy import stats
from depthstudy.config import Hypothesis
from depthstudy.evidence.baseline import Baselines
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.claims.verdicts import judge
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ALPHA, LEAST_SEEDS, ErrorsByVariant
from depthstudy.records import Verdict

DECIDED = ("supported", "refuted")

Looks = Mapping[int, float]  # numbers of seeds at which it is looked, growing, and the level there
ONCE: Looks = types.MappingProxyType({})  # one look at all seeds

_SPENT = 0.8  # share of the error that is left that looks have which are planned together


def planned(seeds: int, most: int, before: Looks = ONCE) -> Looks:
    """Returns the looks from ``seeds`` (at least three) to ``most``.

    Those of a study that has not looked share 0.05. Looks that were made before stay, and those
    that are added share four fifths of what is left of 0.0625: 0.01, then 0.002.

    >>> {seeds: round(level, 4) for seeds, level in planned(1, 20).items()}
    {3: 0.0115, 5: 0.0064, 10: 0.0131, 20: 0.019}
    >>> {seeds: round(level, 4) for seeds, level in planned(3, 8, before={3: 0.05}).items()}
    {3: 0.05, 5: 0.0073, 8: 0.0027}

    Args:
      seeds: Those of the first look.
      most: The most seeds that there may be.
      before: Looks that were made.
    """
    first = max(LEAST_SEEDS, seeds)
    made = {n: level for n, level in before.items() if n <= most}
    if made and min(made) > first:
        made = {}
    asked = {first, most, *(n for n in stats.LOOKS if first < n < most)}
    added = sorted(n for n in asked if n > max(made, default=0))
    left = _SPENT * (ALPHA / _SPENT - sum(before.values()))
    return made | (stats.nominal_levels(added, left) if added else {})


def judge_at_looks(
    summary: pd.DataFrame,
    settings: VariantSettings,
    hypotheses: Sequence[Hypothesis],
    looks: Looks,
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    chance: Mapping[str, float] | None = None,
    baselines: Baselines | None = None,
    budgets: Mapping[str, float] | None = None,
    follow_ups: Collection[str] = (),
) -> list[Verdict]:
    """Returns for each hypothesis the verdict of the look that decided it, or of the last one.

    A hypothesis takes part in a look where all runs that it compares have that many seeds. Its p
    value is corrected for the looks, so that it is below 0.05 where it is decided; its interval is
    that of the look.

    Args:
      summary: As in ``judge``.
      settings: As in ``judge``.
      hypotheses: As in ``judge``.
      looks: As of ``planned``; empty is one look at all seeds.
      predictions: As in ``judge``.
      images: As in ``judge``.
      chance: As in ``judge``.
      baselines: As in ``judge``.
      budgets: As in ``judge``.
      follow_ups: As in ``judge``.
    """
    given = functools.partial(
        judge,
        images=images,
        chance=chance,
        baselines=baselines,
        budgets=budgets,
        follow_ups=follow_ups,
    )
    if not looks:
        return given(summary, settings, hypotheses, predictions=predictions)
    first = next(iter(looks))
    seen: dict[str, Verdict] = {}
    for seeds, alpha in looks.items():
        rows = summary[summary["seed"] < seeds]
        still_open = [
            h
            for h in undecided(hypotheses, seen)
            if seeds == first or _complete(h, settings, summary, seeds)
        ]
        if not still_open:
            continue
        # Of a variant whose seeds are not all done, fewer are among the first.
        counts = rows.groupby("variant").size()
        wrong = {name: runs[: counts.get(name, 0)] for name, runs in (predictions or {}).items()}
        judged = given(rows, settings, still_open, predictions=wrong, alpha=alpha)
        share = alpha / ALPHA
        for verdict in judged:
            seen[verdict.hypothesis] = dataclasses.replace(
                verdict, p=float(np.minimum(1.0, verdict.p / share)), look=seeds
            )
    return [seen[hypothesis.name] for hypothesis in hypotheses]


def undecided(hypotheses: Sequence[Hypothesis], seen: Mapping[str, Verdict]) -> list[Hypothesis]:
    """Returns the hypotheses that no look has decided yet."""
    return [h for h in hypotheses if h.name not in seen or seen[h.name].verdict not in DECIDED]


def compared(hypotheses: Sequence[Hypothesis], settings: VariantSettings) -> set[str]:
    """Returns the names of the variants that hypotheses compare."""
    return {
        name
        for hypothesis in hypotheses
        for pair in pairing.pairs(hypothesis, settings)
        for name in pair
    }


def _complete(h: Hypothesis, settings: VariantSettings, summary: pd.DataFrame, seeds: int) -> bool:
    present = summary[summary["seed"] < seeds].groupby("variant").size()
    names = compared([h], settings) & set(present.index)
    return bool(names) and all(present[name] >= seeds for name in names)
