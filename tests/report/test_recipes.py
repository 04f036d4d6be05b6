"""Verdicts with one recipe, beside those with each net tuned."""

import dataclasses

import made_study

from depthstudy.report import tables
from depthstudy.report.sections.verdicts import recipes, verdicts


def test_verdicts_with_one_recipe_stand_beside_those_with_each_net_tuned(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path))
    tuned = dataclasses.replace(
        study.verdicts[0], verdict="refuted", effect=0.001, low=-0.002, high=0.004
    )
    asked = verdicts.hypotheses(study)
    assert recipes.recipes(study, asked) == ()
    _, table, _ = recipes.recipes(dataclasses.replace(study, tuned_verdicts=(tuned,)), asked)
    (row,) = table.rows
    assert row.label == "Train error of plain nets rises with depth."
    assert row.cells[0].startswith("supported: +72.0 points (")
    assert row.cells[1:] == ("refuted: +0.1 points (−0.2 to 0.4)", "–")


def test_nets_that_were_tuned_to_unequal_budgets_are_said(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path))
    tuned = dataclasses.replace(
        study.verdicts[0], verdict="refuted", effect=0.001, low=-0.002, high=0.004, budget_ratio=2.0
    )
    asked = verdicts.hypotheses(study)
    _, table, _ = recipes.recipes(dataclasses.replace(study, tuned_verdicts=(tuned,)), asked)
    assert table.rows[0].cells[1] == (
        "refuted: +0.1 points (−0.2 to 0.4). Unequal budgets: one side saw 2 times the images."
    )
