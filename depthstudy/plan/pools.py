"""Pools of nets: how many seeds their nets need, and what hypotheses see of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

from depthstudy.config import Pool, StudyConfig
from depthstudy.errors import InputError, did_you_mean
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.claims.pools import KIND, POOL
from depthstudy.plan.variants.variant import TREATMENT, Variant, settings_of


def with_seeds(study: StudyConfig, variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """Returns variants of which each in a pool has as many seeds as it stands in one.

    A net that others are pruned from, or share the runs of, has as many seeds as these at least.

    Raises:
      InputError: A pool has no nets, names one that there is not, or has the name of another.
    """
    _check(study, variants)
    needed: dict[str, int] = {}
    for pool in study.pools:
        for name, count in Counter(pool.variants).items():
            needed[name] = max(needed.get(name, 0), count)
    for variant in variants:
        seeds = needed.get(variant.name, study.seeds)
        for origin in filter(None, (variant.info.dense, variant.info.same_as)):
            if seeds > needed.get(origin, study.seeds):
                needed[origin] = seeds
    return tuple(
        dataclasses.replace(variant, seeds=needed.get(variant.name, variant.seeds))
        for variant in variants
    )


def is_partial(study: StudyConfig, variant: Variant) -> bool:
    """Whether a variant has fewer seeds than others, as it only stands for its pool."""
    pooled = any(variant.name in pool.variants for pool in study.pools)
    return pooled and variant.seeds is not None and variant.seeds < study.seeds


def with_pools(settings: VariantSettings, pools: Sequence[Pool]) -> VariantSettings:
    """Returns the settings of variants, and of pools as if they were some."""
    return {
        **settings,
        **{pool.name: {POOL: pool.name, KIND: pool.kind, TREATMENT: ""} for pool in pools},
    }


def compared(study: StudyConfig, variants: Sequence[Variant]) -> VariantSettings:
    """Returns what hypotheses can compare: the settings of variants and pools."""
    return with_pools(settings_of(variants), study.pools)


def _check(study: StudyConfig, variants: Sequence[Variant]) -> None:
    names = [variant.name for variant in variants]
    every = [*names, *(pool.name for pool in study.pools)]
    for pool in study.pools:
        if every.count(pool.name) > 1:
            raise InputError(f"config.pools: {pool.name!r} is the name of another pool or variant")
        if not pool.variants:
            raise InputError(f"config.pools: {pool.name!r} has no variants")
        for name in pool.variants:
            if name not in names:
                hint = did_you_mean(name, names)
                raise InputError(
                    f"config.pools: {pool.name!r} names no variant {name!r}{hint} "
                    f"there are: {', '.join(names)}"
                )
