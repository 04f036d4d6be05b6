"""Verdicts with each net at the settings that were tuned for it."""

from __future__ import annotations

import dataclasses

import numpy as np
import planted
import pytest

from depthstudy.config import Hypothesis, PruneConfig
from depthstudy.evidence.findings import find
from depthstudy.evidence.material import Material

RISES = Hypothesis("h", "", "test_error", "rises", along="model.depth")


def test_nets_that_were_tuned_to_unequal_budgets_are_named() -> None:
    """As by their batch size: the plan is equal, and what stands in for it is not."""
    own = [(0.0, 0.1), (0.0, 0.1)]
    table, infos = planted.study(
        {"": [(0.0, 0.1), (0.2, 0.3)], "own_settings": own},
        (8, 56),
        seeds=3,
        spread=0.001,
        draw=np.random.default_rng(0),
    )
    budgets = {"d8": 100.0, "d56": 100.0, "d8+own_settings": 100.0, "d56+own_settings": 400.0}
    material = Material(
        summary=table,
        trained=(),
        probed=(),
        variants=infos,
        settings={info.name: info.settings for info in infos if not info.treatment},
        pruned={info.name: PruneConfig() for info in infos},
        predictions={},
        images={},
        budgets=budgets,
        chance=0.9,
    )
    found = find(material, [RISES], ())
    (planned,), (tuned,) = found.verdicts, found.tuned_verdicts
    assert (planned.verdict, planned.budget_ratio) == ("supported", 1.0)
    assert (tuned.effect, tuned.budget_ratio) == (pytest.approx(0.0, abs=0.01), 4.0)
    (cause,) = found.attribution
    assert (cause.word, cause.mechanism, cause.budget_ratio) == ("cause", "recipe", 4.0)
    assert found.decomposition[0].word == "excess"
    constant = {"test_error": {info.name: 0.05 for info in infos}}
    nothing = find(dataclasses.replace(material, baselines=constant), [], ())
    assert (nothing.attribution, nothing.decomposition[0].word) == ((), "cannot tell")
