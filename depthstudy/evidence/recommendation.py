"""Which net to take: the cheapest of those that cannot be told from the best.

The one-standard-error rule (Breiman, Friedman, Olshen & Stone 1984, "Classification and Regression
Trees", section 3.4.3): of all variants whose mean test error is within one standard error of the
least, take the simplest, here the one of fewest multiply-accumulates. As seeds are paired, the
standard error is that of the difference to the best. A single seed has none; then only a variant
that errs no more than the best is within it.

The choice is made on the test set, so the error of what is chosen is a little optimistic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from depthstudy import stats
from depthstudy.records import Recommendation, VariantInfo

_ROUNDING = 1e-9  # differences of errors below this come of rounding


def recommend(summary: pd.DataFrame, infos: Sequence[VariantInfo]) -> Recommendation | None:
    """Returns the variant to take, or ``None`` where fewer than two variants have runs.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    tests = stats.by_seed(summary, "test_error")
    known = {info.name: info for info in infos if info.name in tests.columns}
    if len(known) < 2:
        return None
    means = {name: float(tests[name].mean()) for name in known}
    least = min(means.values())
    tied = [name for name, mean in means.items() if mean <= least + _ROUNDING]
    best = min(tied, key=lambda name: _price(known[name], means))
    near = [name for name in known if _within_one_error(tests[name] - tests[best])]
    chosen = known[min(near, key=lambda name: _price(known[name], means))]
    deepest = min(known.values(), key=lambda info: (-info.depth, means[info.name]))
    error = stats.interval(tests[chosen.name].dropna())
    seconds = summary.loc[summary["variant"] == chosen.name, "seconds"]
    return Recommendation(
        variant=chosen.name,
        group=chosen.group,
        treatment=chosen.treatment,
        depth=chosen.depth,
        parameters=chosen.parameters,
        macs=chosen.macs,
        seconds=float(seconds.mean()),
        test_error=error.mean,
        low=_known(error.low),
        high=_known(error.high),
        seeds=error.seeds,
        best=best,
        over_best=means[chosen.name] - means[best],
        macs_saved_best=1 - chosen.macs / known[best].macs,
        deepest=deepest.name,
        over_deepest=means[chosen.name] - means[deepest.name],
        macs_saved_deepest=1 - chosen.macs / deepest.macs,
    )


def _price(info: VariantInfo, means: Mapping[str, float]) -> tuple[int, ...]:
    """Returns what orders variants by cost; of equally dear ones, an untreated one is simpler."""
    return info.macs, info.parameters, bool(info.treatment), round(means[info.name] / _ROUNDING)


def _within_one_error(differences: pd.Series) -> bool:
    """Whether differences[seeds] from the best have a mean of at most their standard error."""
    found = stats.interval(differences.dropna())
    error = 0.0 if found.seeds < 2 else found.spread / math.sqrt(found.seeds)
    return found.mean <= error + _ROUNDING


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
