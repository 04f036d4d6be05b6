"""Nets whose runs stand together as those of one variant, so that a hypothesis can compare them.

A procedure that gives another net each time that it is repeated, as a search, has the scatter of
its nets and that of their seeds in one. A pool's runs are one of each of its nets.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from depthstudy.config import Pool
from depthstudy.evidence.baseline import Baselines
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.panel import ErrorsByVariant, ImageErrors

POOL, KIND = "pool", "pools"  # fields by which a hypothesis picks one, or all of a kind


def places(pool: Pool) -> list[tuple[str, int]]:
    """Returns the variant and the seed of each run of a pool.

    >>> places(Pool("found", ("a", "b", "a")))
    [('a', 0), ('b', 0), ('a', 1)]
    """
    return [(name, pool.variants[:i].count(name)) for i, name in enumerate(pool.variants)]


def rows(summary: pd.DataFrame, pools: Sequence[Pool]) -> pd.DataFrame:
    """Returns a summary with the runs of pools; their seeds are their places in the pool.

    A pool of which a run is missing, as the study is still running, has none.
    """
    indexed = summary.set_index(["variant", "seed"])
    parts = [summary]
    done = [pool for pool in pools if set(places(pool)) <= set(indexed.index)]
    for pool in done:
        runs = indexed.loc[places(pool)].reset_index()
        parts.append(runs.assign(variant=pool.name, seed=range(len(runs))))
    return pd.concat(parts, ignore_index=True)


def predictions(known: ErrorsByVariant, pools: Sequence[Pool]) -> ErrorsByVariant:
    """Returns predictions with those of pools of which all nets have any, of the same images."""
    pooled = {}
    for pool in pools:
        if all(name in known and seed < len(known[name]) for name, seed in places(pool)):
            runs = [known[name][seed : seed + 1] for name, seed in places(pool)]
            if len({ImageErrors.of(run).image_key for run in runs}) == 1:
                pooled[pool.name] = _together(runs)
    return {**known, **pooled}


def _together(runs: Sequence[NDArray[np.bool_] | ImageErrors]) -> NDArray[np.bool_] | ImageErrors:
    wrong, first = np.concatenate([ImageErrors.of(run).wrong for run in runs]), runs[0]
    return dataclasses.replace(first, wrong=wrong) if isinstance(first, ImageErrors) else wrong


def chances(known: Mapping[str, float], pools: Sequence[Pool]) -> dict[str, float]:
    """Returns errors of guessing, with the means over the runs of pools."""
    return {**known, **_means(known, pools)}


def baselines(known: Baselines, pools: Sequence[Pool]) -> Baselines:
    """Returns errors of the constant answer, with the means over the runs of pools."""
    return {
        error: {**of_variants, **_means(of_variants, pools)} for error, of_variants in known.items()
    }


def _means(known: Mapping[str, float], pools: Sequence[Pool]) -> dict[str, float]:
    """Returns the mean of each pool of which all nets have a number, each run counted."""
    return {
        pool.name: statistics.fmean(known[name] for name in pool.variants)
        for pool in pools
        if all(name in known for name in pool.variants)
    }


def images(known: ImageCounts, pools: Sequence[Pool]) -> ImageCounts:
    """Returns the numbers of images with the least of the nets of each pool."""
    return {
        error: count if isinstance(count, int) else {**count, **_least(count, pools)}
        for error, count in known.items()
    }


def _least(known: Mapping[str, int], pools: Sequence[Pool]) -> dict[str, int]:
    return {
        pool.name: min(known[name] for name in pool.variants)
        for pool in pools
        if all(name in known for name in pool.variants)
    }


def budgets(known: Mapping[str, float], pools: Sequence[Pool]) -> dict[str, float]:
    """Returns what runs of variants have seen, and at most those of each pool."""
    pooled = {pool.name: max(known.get(name, 0.0) for name in pool.variants) for pool in pools}
    return {**known, **pooled}
