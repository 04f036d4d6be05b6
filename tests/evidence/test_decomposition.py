"""The parts of a deeper net's excess error: by hand, and about as Welch's test has them."""

import numpy as np
import pandas as pd
import planted
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from depthstudy import records
from depthstudy.errors import InputError
from depthstudy.evidence.causes import decomposition

DEPTHS = {"plain-56": 56, "plain-8": 8, "plain-20": 20, "res-8": 8, "res-20": 20}
VARIANTS = [
    planted.variant(name, depth, group=name.partition("-")[0]) for name, depth in DEPTHS.items()
]
ERRORS = {  # variant: train and test error of seeds 0, 1, 2
    "plain-8": ([0.02, 0.03, 0.01], [0.10, 0.11, 0.12]),
    "plain-20": ([0.01, 0.02, 0.02], [0.05, 0.07, 0.06]),
    "plain-56": ([0.40, 0.60, 0.50], [0.45, 0.61, 0.58]),
    "res-8": ([0.02, 0.02, 0.02], [0.08, 0.09, 0.07]),
    "res-20": ([0.01, 0.01, 0.01], [0.05, 0.04, 0.06]),
}


def summary(errors):
    return records.frame(
        records.Summary,
        [
            records.Summary(
                variant=variant,
                seed=seed,
                train_error=train,
                test_error=test,
                gap=test - train,
                parameters=1,
                macs=1,
                seconds=1.0,
            )
            for variant, (trains, tests) in errors.items()
            for seed, (train, test) in enumerate(zip(trains, tests, strict=True))
        ],
    )


def test_only_what_is_deeper_than_the_best_is_split_and_the_parts_are_differences():
    rows = decomposition.decompose(summary(ERRORS), VARIANTS)
    assert [(r.group, r.variant, r.best, r.part, r.seeds) for r in rows] == [
        ("plain", "plain-56", "plain-20", part, 3)
        for part in ("total", "optimization", "generalization")
    ]
    total, optimization, generalization = rows
    (deep_train, deep_test), (best_train, best_test) = ERRORS["plain-56"], ERRORS["plain-20"]
    for row, deep, best in ((total, deep_test, best_test), (optimization, deep_train, best_train)):
        assert row.effect == pytest.approx(np.mean(deep) - np.mean(best))
        # For the two depths that plain-20 was chosen from.
        welch = stats.ttest_ind(deep, best, equal_var=False).confidence_interval(0.975)
        assert row.low < row.effect < row.high
        assert row.low == pytest.approx(welch.low, abs=0.12)
        assert row.word == "excess"
    gaps = np.subtract(deep_test, deep_train) - np.subtract(best_test, best_train)
    assert generalization.effect == pytest.approx(gaps.mean())
    assert generalization.low < 0 < generalization.high
    assert generalization.word == "cannot tell"


def test_of_equally_good_depths_the_shallowest_is_the_best():
    tied = dict(ERRORS)
    # The same mean test error, but 0.1 + 0.2 is not 0.3 in the last bit.
    tied["plain-8"] = ([0.0, 0.0, 0.0], [0.3, 0.1 + 0.2, 0.3])
    tied["plain-20"] = ([0.0, 0.0, 0.0], [0.3, 0.3, 0.3])
    rows = decomposition.decompose(summary(tied), VARIANTS)
    assert [r.variant for r in rows[::3]] == ["plain-20", "plain-56"]
    assert {r.best for r in rows} == {"plain-8"}
    assert rows[0].effect == pytest.approx(0, abs=1e-15)
    assert rows[0].word != "excess"


def test_missing_runs_are_left_out_of_the_pairs():
    table = summary(ERRORS)
    rows = decomposition.decompose(
        table[~((table.variant == "plain-56") & (table.seed == 1))], VARIANTS
    )
    assert [r.seeds for r in rows] == [2, 2, 2]
    assert rows[0].effect == pytest.approx((0.45 + 0.58) / 2 - 0.06)
    assert rows[0].word == "cannot tell"  # two seeds
    one = decomposition.decompose(
        table[~((table.variant == "plain-56") & (table.seed > 0))], VARIANTS
    )
    assert one[0].seeds == 1
    assert one[0].effect == pytest.approx(0.45 - 0.06)
    assert one[0].word == "cannot tell"


def test_seeds_need_not_meet():
    table = summary({k: ERRORS[k] for k in ("plain-20", "plain-56")})
    table.loc[table.variant == "plain-56", "seed"] += 10
    rows = decomposition.decompose(table, VARIANTS)
    assert [r.seeds for r in rows] == [3, 3, 3]
    assert rows[0].effect == pytest.approx(np.mean([0.45, 0.61, 0.58]) - 0.06)


@pytest.mark.parametrize(
    ("shift", "word"), [(0.0, "no excess"), (0.01, "cannot tell"), (0.05, "excess")]
)
def test_none_is_said_only_where_it_is_shown(shift, word):
    errors = {
        "plain-8": ([0.0] * 4, [0.100, 0.101, 0.099, 0.100]),
        "plain-20": ([0.0] * 4, [0.1001 + shift + d for d in (0.0, 0.001, -0.001, 0.0)]),
    }
    if word == "cannot tell":  # by an excess of a point with a spread of as much
        errors["plain-20"] = ([0.0] * 4, [0.10, 0.12, 0.10, 0.12])
    total, *_ = decomposition.decompose(summary(errors), VARIANTS)
    assert total.word == word


def test_nothing_to_split():
    empty = records.frame(records.Summary, [])
    assert decomposition.decompose(empty, VARIANTS) == []
    only_best = summary({k: ERRORS[k] for k in ("plain-8", "plain-20")})
    assert decomposition.decompose(only_best, VARIANTS) == []
    assert decomposition.decompose(summary(ERRORS), []) == []


@pytest.mark.parametrize("column", ["test_error", "train_error"])
def test_an_error_that_is_not_finite_is_refused(column):
    table = summary(ERRORS)
    table.loc[4, column] = np.nan
    with pytest.raises(InputError, match=f"{column} of variant 'plain-20', seed 1 is nan"):
        decomposition.decompose(table, VARIANTS)


errors = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@settings(deadline=None)
@given(st.fixed_dictionaries({name: st.tuples(errors, errors) for name in DEPTHS}))
def test_parts_add_up_and_each_deeper_net_has_three(errors_by_net):
    rows = decomposition.decompose(summary(errors_by_net), VARIANTS)
    for total, optimization, generalization in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        assert total.variant == optimization.variant == generalization.variant
        assert total.effect == pytest.approx(optimization.effect + generalization.effect, abs=1e-14)
        assert total.effect >= -1e-9  # the best is the best
        assert DEPTHS[total.variant] > DEPTHS[total.best]
    frame = pd.DataFrame({"depth": [DEPTHS[r.variant] for r in rows], "g": [r.group for r in rows]})
    assert frame.groupby("g").depth.is_monotonic_increasing.all()


def test_the_best_depth_is_chosen_on_validation_where_every_run_has_it():
    table = summary(ERRORS)
    table["validation_error"] = [0.2] * 3 + [0.3] * 6 + [0.1] * 6
    rows = decomposition.decompose(table, VARIANTS)
    plain = [row for row in rows if row.group == "plain" and row.part == "total"]
    assert [(row.variant, row.best) for row in plain] == [
        ("plain-20", "plain-8"), ("plain-56", "plain-8")
    ]  # fmt: skip
    assert plain[0].effect == pytest.approx(-0.05)  # on test images it is no loss
    table.loc[0, "validation_error"] = np.nan
    rows = decomposition.decompose(table, VARIANTS)
    assert {row.best for row in rows if row.group == "plain"} == {"plain-20"}
