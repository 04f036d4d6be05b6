import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_study import summarize, variant
from scipy import stats

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
    assert (points[0].low, points[0].high) == pytest.approx((low, high))
    assert [point.macs for point in points] == [info.macs for info in infos]


def test_variants_without_runs_have_no_point():
    infos = [variant("plain", depth) for depth in (8, 20)]
    table = pd.DataFrame([vars(summarize(infos[1], 0, 0.0, 0.1))])
    (point,) = pareto.points(table, infos)
    assert (point.variant, point.seeds, point.place) == ("plain-20", 1, 1)
    assert math.isnan(point.low)
