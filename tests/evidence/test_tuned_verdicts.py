"""Verdicts with each net at the settings that were tuned for it."""

from __future__ import annotations

import dataclasses

import numpy as np
import planted
import pytest

from depthstudy.config import Hypothesis
from depthstudy.evidence.findings import find

RISES = Hypothesis("h", "", "test_error", "rises", where=(("treatment", ""),), along="model.depth")


def test_nets_that_were_tuned_to_unequal_budgets_are_named() -> None:
    """As by their batch size: the plan is equal, and what stands in for it is not."""
    tuned_means = [(0.0, 0.1), (0.0, 0.1)]
    table, infos = planted.study(
        {"": [(0.0, 0.1), (0.2, 0.3)], "own_settings": tuned_means},
        (8, 56),
        seeds=3,
        spread=0.001,
        draw=np.random.default_rng(0),
    )
    budgets = {"d8": 100.0, "d56": 100.0, "d8+own_settings": 100.0, "d56+own_settings": 400.0}
    findings = find(planted.material(table, infos, budgets), [RISES], ())
    (planned,), (tuned,) = findings.verdicts, findings.tuned_verdicts
    assert (planned.verdict, planned.budget_ratio) == ("supported", 1.0)
    assert (tuned.effect, tuned.budget_ratio) == (pytest.approx(0.0, abs=0.01), 4.0)
    (cause,) = findings.attribution
    assert (cause.word, cause.mechanism, cause.budget_ratio) == ("cause", "recipe", 4.0)
    assert findings.decomposition[0].word == "excess"
    constant = {"test_error": {info.name: 0.05 for info in infos}}
    useless = dataclasses.replace(planted.material(table, infos, budgets), baselines=constant)
    nothing = find(useless, [], ())
    assert (nothing.attribution, nothing.decomposition[0].word) == ((), "cannot tell")


def test_verdicts_on_nets_that_were_not_tuned_are_left_out() -> None:
    """Treated nets are not: a tuned one beside them would win what tuning wins."""
    wins = Hypothesis(
        "wins", "", "test_error", "less",
        where=(("treatment", "aug"),), against=(("treatment", ""),),
    )  # fmt: skip
    table, infos = planted.study(
        {"": [(0.2, 0.3)], "aug": [(0.1, 0.2)], "own_settings": [(0.1, 0.21)]},
        (8,),
        seeds=3,
        spread=0.001,
        draw=np.random.default_rng(0),
    )
    findings = find(planted.material(table, infos), [wins], ())
    assert [verdict.verdict for verdict in findings.verdicts] == ["supported"]
    assert findings.tuned_verdicts == ()


def test_a_verdict_stays_as_it_is_when_other_nets_follow_from_it() -> None:
    """Their runs, which scatter less, tell nothing of those of the plan."""
    means = {"": [(0.2, 0.30), (0.2, 0.33)], "longer4": [(0.1, 0.2), (0.1, 0.2)]}
    draw = np.random.default_rng(0)
    table, infos = planted.study(means, (8, 56), seeds=3, spread=0.02, draw=draw)
    followed = table["variant"].str.contains("longer")
    table.loc[followed, "test_error"] = 0.2 + 1e-4 * table.loc[followed, "seed"]
    plan = [info for info in infos if not info.treatment]
    before = find(planted.material(table[~followed], plan), [RISES], ()).verdicts
    assert find(planted.material(table, infos), [RISES], ()).verdicts == before
