"""What is wrong with a search, found before anything is trained."""

from __future__ import annotations

import itertools

import numpy as np

from depthstudy import config, plan
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError, required
from depthstudy.evidence.choice import rungs
from depthstudy.plan import Variant
from depthstudy.search import space
from depthstudy.search.space import scaled


def check(study: StudyConfig, base: Variant) -> None:
    """Checks the settings of a search.

    Raises:
      InputError: The search cannot be done, or something is set that it sets itself.
    """
    search = study.search
    for name in ("sweep", "variants", "pools", "hypotheses", "treatments"):
        if getattr(study, name):
            raise InputError(f"config.search finds variants and asks of them; leave {name} empty")
    if study.seeds_until_settled:
        raise InputError("config.search repeats whole searches; leave seeds_until_settled empty")
    if study.tune_seeds > 1:
        raise InputError(
            f"config.tune_seeds={study.tune_seeds}: config.search tries each net with one seed; "
            "leave it at 1"
        )
    if base.dataset.validation is None:
        raise InputError("config.search chooses by validation data; set data.validation above 0")
    if base.is_pruned:
        raise InputError("config.search trains whole nets; leave config.prune at its defaults")
    rungs.plan(search.trials, search.shares, search.keep)
    if not search.strata:
        raise InputError("config.search.strata has no depths; one stratum is ((1, 1000),)")
    for low, high in search.strata:
        if low > high:
            raise InputError(f"config.search.strata: depth {low} to {high} holds no depth")
    ordered = sorted(search.strata)
    for (_, high), (low, _) in itertools.pairwise(ordered):
        if low <= high:
            raise InputError(f"config.search.strata overlap at depth {low}")
    if search.macs is None and len(search.strata) > 1:
        raise InputError(
            "config.search.strata are compared at equal cost; set config.search.macs, the most "
            "multiply-accumulates of a net"
        )
    whole = space.from_config(search)
    for stratum in search.strata:
        whole.within(stratum)
    for family in search.families:
        scaled.check(family, search)
    for field, values in search.ranges:
        for value in values:
            config.apply(base.given, ((field, value),))
    if search.stages:
        sample = whole.settings(whole.sample(np.random.default_rng(0)))
        plan.build_net(config.apply(base.given, sample).model, base.dataset.num_classes)


def require_engine() -> None:
    """Raises InputError where Optuna is not installed."""
    required("optuna", extra="search", by="config.search")
