"""What would settle a claim of several parts: seeds for the level that its parts share."""

from __future__ import annotations

import numpy as np
import pytest
from claimed import A, B, claim, judge_one, table

from depthstudy import stats

EFFECTS = np.array([0.03, -0.01, 0.02, 0.01])
SETTINGS = {"a": {"model.depth": 56}, "b": {"model.depth": 20}, "c": {"model.depth": 8}}
MEAN, SPREAD = EFFECTS.mean(), EFFECTS.std(ddof=1)


@pytest.mark.parametrize(
    ("relation", "margin", "tests"),
    [
        ("rises", 0.0, 2),  # supported by the greater of two effects
        ("rises", 0.02, 1),  # refuted where both are less
        ("does_not_rise", 0.02, 1),  # supported where both are less
        ("does_not_rise", 0.005, 2),  # refuted by the greater of two
    ],
)
def test_a_trend_shares_its_level_over_lesser_depths(
    relation: str, margin: float, tests: int
) -> None:
    summary = table({"a": EFFECTS, "b": np.zeros(4), "c": np.zeros(4)})
    verdict = judge_one(summary, claim(relation, along="model.depth", margin=margin), SETTINGS)
    assert verdict.verdict == "inconclusive"
    distance = abs(MEAN - margin)
    assert verdict.seeds_to_settle == stats.seeds_needed([distance], SPREAD, 0.025 / tests)
    pair = judge_one(summary, claim("greater", A, B, margin=margin), SETTINGS)
    assert pair.seeds_to_settle == stats.seeds_needed([distance], SPREAD, 0.025)
