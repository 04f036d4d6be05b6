import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_study import summarize, variant
from scipy import stats
from statsmodels.stats import proportion

from depthstudy import records
from depthstudy.evidence.costs import pareto


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_the_front_is_what_no_other_beats(pairs):
    expected = {
        (macs, error)
        for macs, error in pairs
        if not any((a <= macs and b <= error) and (a < macs or b < error) for a, b in pairs)
    }
    assert [pairs[index] for index in pareto.front(pairs)] == sorted(expected)


def test_points_have_error_cost_and_place():
    infos = [variant("plain", depth) for depth in (8, 20, 32)]
    errors = {8: (0.3, 0.34, 0.35), 20: (0.1, 0.12, 0.11), 32: (0.2, 0.2, 0.2)}
    rows = [
        summarize(info, seed, 0.0, error)
        for info in infos
        for seed, error in enumerate(errors[info.depth])
    ]
    points = pareto.points(records.frame(records.Summary, rows), infos)
    assert [(point.variant, point.place) for point in points] == [
        ("plain-8", 1), ("plain-20", 2), ("plain-32", 0),
    ]  # fmt: skip
    low, high = stats.t.interval(0.95, 2, loc=0.33, scale=stats.sem(errors[8]))
    assert low < points[0].low < 0.33 < points[0].high < high  # spreads are shrunk to a common one
    assert [point.macs for point in points] == [info.macs for info in infos]


def test_nets_that_saw_more_images_have_no_place_on_the_front():
    infos = [variant("plain", depth) for depth in (8, 20, 32)]
    errors = {8: 0.3, 20: 0.2, 32: 0.1}
    rows = [summarize(info, seed, 0.0, errors[info.depth]) for info in infos for seed in range(3)]
    budgets = {"plain-8": 100.0, "plain-20": 150.0, "plain-32": 100.0}
    points = pareto.points(records.frame(records.Summary, rows), infos, budgets=budgets)
    assert [(p.place, p.equal_budget) for p in points] == [(1, True), (0, False), (2, True)]


def test_intervals_hold_chance_of_test_images():
    info, count = variant("plain", 8), 400
    wrong = np.tile(np.arange(count) < 40, (3, 1))  # runs that agree on all images
    rows = [summarize(info, seed, 0.0, 0.1) for seed in range(3)]
    (point,) = pareto.points(
        records.frame(records.Summary, rows), [info], predictions={info.name: wrong}
    )
    # Three equal runs count as one: the interval of 40 of 400 images.
    low, high = proportion.proportion_confint(40, count, method="normal")
    assert (point.low, point.high) == pytest.approx((low, high), abs=0.01)
    bare = pareto.points(records.frame(records.Summary, rows), [info])[0]
    assert not bare.high - bare.low > 0.001


def test_variants_without_runs_have_no_point():
    infos = [variant("plain", depth) for depth in (8, 20)]
    table = pd.DataFrame([vars(summarize(infos[1], 0, 0.0, 0.1))])
    (point,) = pareto.points(table, infos)
    assert (point.variant, point.seeds, point.place) == ("plain-20", 1, 1)
    assert math.isnan(point.low)
