import itertools
import math

import numpy as np
import pytest

from depthstudy import records
from depthstudy.evidence.choice import tuning_effort

CHANCE = {"a": 0.9, "b": 0.9}


def trials(variant, errors, steps=100, *, beyond_grid=False):
    return [
        records.TrialRow(
            variant=variant, trial=i, settings="", steps=steps, seeds=1, validation_error=error,
            chosen=False, beyond_grid=beyond_grid,
        )
        for i, error in enumerate(errors, start=1)
    ]  # fmt: skip


def test_the_expected_best_is_the_mean_over_all_choices_of_trials():
    errors = [0.5, 0.1, 0.3, 0.2]
    rows = tuning_effort.expected(trials("a", errors), chance=CHANCE)
    for row in rows:
        every = [min(chosen) for chosen in itertools.combinations(errors, row.trials)]
        assert row.validation_error == pytest.approx(np.mean(every))
    assert [row.trials for row in rows] == [1, 2, 3, 4]
    # 0.275, 0.183, 0.125 and 0.1: within a point of the best with all four only.
    assert {row.needed for row in rows} == {4}


def test_what_survived_shorter_trials_is_no_sample():
    """Ten rates for a quarter of the steps, the best two in full: they say nothing of ten."""
    short = trials("a", [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.19], steps=25)
    rows = [*short, *trials("a", [0.10, 0.095]), *trials("b", [0.3, 0.1])]
    assert {row.variant for row in tuning_effort.expected(rows, chance=CHANCE)} == {"b"}


def test_trials_beyond_the_grid_are_left_out():
    """They lie beside the best, so that with them one trial would seem to find nearly as much."""
    grid, beyond = [0.5, 0.3, 0.1], [0.09, 0.08]
    rows = [*trials("a", grid), *trials("a", beyond, beyond_grid=True)]
    expected_bests = tuning_effort.expected(rows, chance=CHANCE)
    assert [row.validation_error for row in expected_bests] == pytest.approx([0.3, 0.5 / 3, 0.1])
    assert {row.needed for row in expected_bests} == {3}


def test_divergence_is_a_guess():
    rows = [*trials("a", [0.2, math.nan]), *trials("b", [0.1, 0.1])]
    expected_bests = tuning_effort.expected(rows, chance=CHANCE)
    assert [(row.variant, row.validation_error) for row in expected_bests] == [
        ("a", pytest.approx(0.55)), ("a", 0.2), ("b", 0.1), ("b", 0.1),
    ]  # fmt: skip
    assert [row.needed for row in expected_bests] == [2, 2, 1, 1]
    assert tuning_effort.expected([], chance=CHANCE) == []
