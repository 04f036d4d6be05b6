"""The expected least error of some trials, against all choices of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthstudy.stats.several.expected_best import expected_best


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_it_is_the_mean_over_all_choices(errors: list[float]) -> None:
    for k, value in enumerate(expected_best(errors), start=1):
        least = [min(chosen) for chosen in itertools.combinations(errors, k)]
        assert value == pytest.approx(np.mean(least), abs=1e-12)


def test_it_never_rises() -> None:
    expected = expected_best(np.random.default_rng(0).random(30))
    assert (np.diff(expected) <= 1e-12).all()


@pytest.mark.parametrize("errors", [[], [0.1, np.nan]])
def test_what_has_no_least_is_refused(errors: list[float]) -> None:
    with pytest.raises(ValueError, match="finite errors of at least one trial"):
        expected_best(errors)
