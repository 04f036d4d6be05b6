"""What the runs of a plan ask for once they are done: trials of settings and longer trainings."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.config import StudyConfig
from depthstudy.evidence.choice import halving
from depthstudy.plan import Variant
from depthstudy.plan.follow_up import untreated

SEEDS_OF_LONGER = 2  # enough to see whether a net fits, not for a verdict


def following_share(study: StudyConfig, variants: Sequence[Variant]) -> float:
    """Returns what follows the runs of a plan, as a share of them: tuning and longer trainings.

    Of each group of nets the dearest is taken to be trained for all of ``budget_check``. Seeds
    that are added until a hypothesis is decided, and probes, are not counted.
    """
    base = untreated(variants)
    runs = sum(v.work * len(v.seeds_in(study)) for v in variants if not v.info.same_as)
    following = 0.0
    if study.tune:
        trials = halving.cost(study.tune) * study.tune_seeds
        following += sum(v.work for v in base) * (study.seeds + trials)
    if study.budget_check:
        groups: dict[str, int] = {}
        for variant in base:
            groups[variant.info.group] = max(groups.get(variant.info.group, 0), variant.work)
        seeds = min(SEEDS_OF_LONGER, study.seeds)
        following += seeds * sum(study.budget_check) * sum(groups.values())
    return following / runs
