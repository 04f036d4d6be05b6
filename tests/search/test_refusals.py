"""What is wrong with a search is said in one line, by its plan already."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from depthstudy import plan, search
from depthstudy.config import StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.search.space import draws, from_config, pricing, scaled

DEPTHS = (("model.depth", (8, 14)),)
SMALL = apply(
    StudyConfig(seeds=3),
    (
        ("search.trials", 2),
        ("search.ranges", DEPTHS),
        ("search.macs", 500_000),
        ("train.steps", 4),
    ),
)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ((("search.ranges", (("model.depht", (8,)),)),), r"no field 'depht'; did you mean 'depth'"),
        ((("search.ranges", (("model.depth", (8, "deep")),)),), r"config.model.depth: .*'deep'"),
        ((("search.families", ("resnt",)),), r"no family 'resnt'; did you mean resnet"),
        ((("search.families", ("detector",)),), r"detector is no family of classifiers"),
        ((("search.families", ("resnet",)), ("search.macs", None)), r"families needs .*macs"),
    ],
)
def test_a_mistyped_search_is_refused_by_its_plan(settings: Any, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        search.describe(apply(SMALL, settings))


def prices(study: StudyConfig) -> pricing.Prices:
    _, (base, *_) = plan.prepare(study)
    return pricing.Prices(base, study.search, lambda _: 2.0)


def test_the_commonest_reason_is_quoted() -> None:
    study = apply(SMALL, (("search.ranges", (("model.depth", (9, 11)),)),))
    space = from_config(study.search)
    price = prices(study).of(space, pricing.Limits((1, 99)))
    with pytest.raises(InputError, match=r"\(not a net: 20,000\).* times: .*depth.*(9|11)"):
        draws.within_limits(space, price, np.random.default_rng(0))


def test_scaled_members_skip_widths_without_whole_channels() -> None:
    study = apply(SMALL, (("search.macs", 6_000_000), ("search.strata", ((14, 16),))))
    (net,) = scaled.members("wide_resnet", study.search, prices(study))
    assert dict(net)["model.depth"] == 16
    assert dict(net)["model.width_multiplier"] == 1.75  # 4,863,072 of them; at 2 6,301,952


def test_scaled_members_keep_to_all_limits() -> None:
    def members(*settings: tuple[str, Any]) -> list[Any]:
        study = apply(SMALL, (("search.strata", ((4, 20),)), *settings))
        return scaled.members("resnet", study.search, prices(study))

    assert [dict(net)["model.depth"] for net in members()] == [8, 20]
    assert members(("search.latency", 3.0)) == members()
    for limit in (("search.latency", 1.0), ("search.fields", (40.0, 50.0))):
        with pytest.raises(InputError, match=r"no resnet is within the limits"):
            members(limit)
