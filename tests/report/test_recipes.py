"""Verdicts with one recipe, beside those with each net tuned."""

import dataclasses
import math

import made_study
import pytest
from made_study import METRICS

from depthstudy import records
from depthstudy.report import tables
from depthstudy.report.sections.verdicts import recipes, verdicts
from depthstudy.report.sections.verdicts.robustness import robustness_sentence
from depthstudy.report.text.quantities import quantity


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


NO = math.nan


@pytest.mark.parametrize(
    ("word", "tuned_effect", "longer", "unfinished", "sentence"),
    [
        ("robust", 0.3, 0.2, 0, "Robust: it holds with each net at its own settings and trained "
         "longer (own settings +30.0 points and longest training +20.0 points)."),
        ("robust", 0.3, NO, 1, "Robust: it holds with each net at its own settings (own settings "
         "+30.0 points)."),
        ("robust", NO, 0.3, 0, "Robust: it holds with each net trained longer (longest training "
         "+30.0 points)."),
        ("recipe-bound", 0.1, NO, 0, "Recipe-bound: it shrinks by half or turns with each net at "
         "its own settings (own settings +10.0 points)."),
        ("budget-bound", 0.3, 0.1, 1, "Budget-bound: it shrinks by half or more with longer "
         "training (own settings +30.0 points and longest training +10.0 points)."),
        ("budget-bound", NO, NO, 1, "Budget-bound: it may be, as a run had not finished, and the "
         "nets were not trained longer by the same factor."),
        ("budget-bound", 0.3, NO, 0, "Budget-bound: it may be, as a net does not fit, and the nets "
         "were not trained longer by the same factor (own settings +30.0 points)."),
        ("settled by training longer", NO, 0.0, 0, "Settled by training longer: it is gone then "
         "(longest training 0.0 points)."),
        ("", NO, NO, 0, ""),
    ],
)  # fmt: skip
def test_what_becomes_of_a_verdict_is_said_from_what_was_looked_at(
    word, tuned_effect, longer, unfinished, sentence
):
    row = records.Robustness(
        hypothesis="h",
        word=word,
        effect=0.3,
        effect_own_settings=tuned_effect,
        effect_longer=longer,
        unfinished=unfinished,
    )
    assert robustness_sentence(row, quantity("train_error", METRICS)) == sentence


def test_an_effect_that_appears_with_longer_training_is_not_gone():
    row = records.Robustness(
        hypothesis="does_not_rise", word="settled by training longer", effect=0.001,
        effect_own_settings=NO, effect_longer=0.04, unfinished=0,
    )  # fmt: skip
    about = quantity("train_error", METRICS)
    assert robustness_sentence(row, about, margin=0.02) == (
        "Settled by training longer: it turns then (longest training +4.0 points)."
    )
    within = dataclasses.replace(row, effect=0.05, effect_longer=0.015)
    assert ": it is gone then (" in robustness_sentence(within, about, margin=0.02)
    turned = dataclasses.replace(within, effect_longer=-0.015)
    assert ": it turns then (" in robustness_sentence(turned, about)
