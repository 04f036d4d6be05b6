"""A net that was trained longer has fewer seeds than others, and counts nevertheless."""

from __future__ import annotations

import dataclasses

from depthstudy.config import StudyConfig, apply
from depthstudy.plan import pools, prepare
from depthstudy.plan.follow_up import follow, longer


def test_only_members_of_pools_stand_for_something_else() -> None:
    study, (variant,) = prepare(apply(StudyConfig(), (("seeds", 3), ("train.steps", 2))))
    trained = dataclasses.replace(follow(variant, longer(variant, 2)), seeds=2)
    assert trained.info.trained_longer
    assert not pools.is_partial(study, trained)
