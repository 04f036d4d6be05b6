"""Successive halving over a grid, against planted errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest

from depthstudy.config import Settings, Value
from depthstudy.evidence.choice import halving
from depthstudy.evidence.choice.halving import Grid, Trial

RATE = "train.learning_rate"
GRID: Grid = ((RATE, (0.003, 0.01, 0.03, 0.1, 0.3)),)
WIDE: Grid = ((RATE, (0.001, 0.002, 0.003, 0.006, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2)),)


def tuned(
    error: Callable[[float, Fraction], float],
    extra: int = 0,
    grid: Grid = GRID,
    fits: Callable[[Settings], bool] = lambda settings: True,
) -> dict[Trial, float]:
    """Tries whatever is pending until nothing is."""
    results: dict[Trial, float] = {}
    while pending := halving.pending(grid, results, extra, fits):
        for trial in pending:
            assert trial not in results
            results[trial] = error(float(trial.settings[0][1]), trial.share)  # type: ignore[arg-type]
    return results


def bowl(best: float) -> Callable[[float, Fraction], float]:
    return lambda rate, share: abs(math.log(max(rate, 1e-9) / best)) / 10 + 0.1 / float(share)


def test_the_best_of_a_bowl_is_taken_at_the_cost_that_was_said() -> None:
    few, many = tuned(bowl(0.02)), tuned(bowl(0.02), grid=WIDE)
    assert halving.best(GRID, few) == ((RATE, 0.03),)
    assert halving.best(WIDE, many) == ((RATE, 0.02),)
    assert {trial.share for trial in few} == {1}
    assert [sum(t.share == Fraction(n, 4) for t in many) for n in (1, 2, 4)] == [10, 5, 2]
    assert sum(float(trial.share) for trial in few) == halving.cost(GRID) == 5
    assert sum(float(trial.share) for trial in many) == halving.cost(WIDE) == 7


def test_an_interrupted_round_goes_on_with_what_is_missing() -> None:
    results = tuned(bowl(0.03), grid=WIDE)
    first = {t: e for t, e in results.items() if t.share == Fraction(1, 4)}
    one_less = dict(list(first.items())[1:])
    assert halving.pending(WIDE, one_less) == (next(iter(first)),)
    with pytest.raises(ValueError, match="not complete"):
        halving.best(WIDE, first)


def test_a_run_that_diverged_is_the_worst() -> None:
    results = tuned(lambda rate, share: math.nan if rate > 0.05 else 1 - rate)
    assert halving.best(GRID, results) == ((RATE, 0.03),)


def test_all_that_diverge_still_end() -> None:
    results = tuned(lambda rate, share: math.nan, extra=2)
    assert len(results) == 7
    assert halving.best(GRID, results) == ((RATE, 0.003),)


@pytest.mark.parametrize(("where", "value"), [(1.0, 0.9), (0.001, 0.0009)])
def test_a_grid_is_widened_past_its_edge(where: float, value: float) -> None:
    narrow = tuned(bowl(where))
    assert halving.edges(halving.best(GRID, narrow), narrow) == (RATE,)
    wide = tuned(bowl(where), extra=1)
    assert halving.best(GRID, wide) == ((RATE, value),)
    assert len(wide) == len(narrow) + 1
    assert halving.edges(((RATE, value),), wide) == (RATE,)  # it may lie beyond still


def values(field: str, grid_values: tuple[Value, ...], best: float, extra: int = 2) -> list[Value]:
    """Returns what is tried of a field beyond its grid."""
    results = tuned(bowl(best), extra, grid=((field, grid_values),))
    return [trial.settings[0][1] for trial in results][len(grid_values) :]


def test_integers_are_joined_by_integers() -> None:
    sizes = (32, 64, 128)
    beyond = [values("train.batch_size", sizes, best) for best in (1, 64, 1_000)]
    assert beyond == [[16, 8], [90, 76], [256, 512]]
    assert all(type(value) is int for row in beyond for value in row)
    assert values("train.batch_size", (1, 2, 4), 1) == []  # a half is rounded to what was tried


def test_what_was_tried_is_not_tried_again() -> None:
    """Between 0.999 and 0.9999 lies 0.99945, which three digits write as the first."""
    assert values("train.average_decay", (0.99, 0.999, 0.9999), 0.999) == []


def test_what_does_not_fit_is_not_tried_and_its_edge_is_said() -> None:
    grid: Grid = (("train.momentum", (0.8, 0.9, 0.95, 0.99)),)
    refused: list[object] = []

    def fits(settings: Settings) -> bool:
        refused.append(settings[0][1])
        return False

    results = tuned(bowl(2.0), extra=2, grid=grid, fits=fits)
    assert len(results) == 4
    assert refused == [1.03]  # 0.99² / 0.95
    assert not halving.can_widen(grid, results, fits)
    assert halving.can_widen(grid, results)
    assert halving.edges(halving.best(grid, results), results) == ("train.momentum",)


def test_a_grid_from_zero_or_nothing_is_widened_upwards() -> None:
    assert values("train.label_smoothing", (0.0, 0.1), 0.1, extra=1) == [0.2]
    grid: Grid = (("train.gradient_clip", (None, 1.0, 2.0)),)
    results = {
        Trial((("train.gradient_clip", clip),), Fraction(1)): error
        for clip, error in ((None, 0.3), (1.0, 0.2), (2.0, 0.1))
    }
    assert halving.edges(halving.best(grid, results), results) == ("train.gradient_clip",)
    (more,) = halving.pending(grid, results, 1)
    assert more.settings == (("train.gradient_clip", 4.0),)


def test_all_variants_have_as_many_trials() -> None:
    counts = {len(tuned(bowl(rate), extra=2)) for rate in (1e-4, 0.003, 0.03, 0.25, 10.0)}
    assert counts == {7}


def test_a_single_setting_is_tried_once() -> None:
    grid: Grid = ((RATE, (0.1,)),)
    results = tuned(bowl(0.1), grid=grid, extra=2)
    assert list(results) == [Trial(((RATE, 0.1),), Fraction(1))]
    assert halving.edges(((RATE, 0.1),), results) == ()


def test_a_grid_of_two_fields() -> None:
    grid: Grid = (*GRID, ("train.weight_decay", (0.0, 1e-4)))

    def error(trial: Trial) -> float:
        settings = dict(trial.settings)
        rate, decay = float(settings[RATE]), float(settings["train.weight_decay"])  # type: ignore[arg-type]
        return abs(math.log(rate / 0.1)) + (decay == 0.0)

    results: dict[Trial, float] = {}
    while pending := halving.pending(grid, results):
        results |= {trial: error(trial) for trial in pending}
    assert dict(halving.best(grid, results)) == {RATE: 0.1, "train.weight_decay": 1e-4}
    assert len(results) == 10 + 5 + 2
