"""What treatments win back: by hand, against SciPy, on planted truths and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from planted import Means, study, summary, variants
from scipy import stats

from depthstudy import records
from depthstudy.config import Treatment
from depthstudy.evidence.causes.attribution import attribute

DEPTHS = (8, 20, 56)
TREATMENTS = (
    Treatment("residual", "optimization", ()),
    Treatment("augmentation", "overfitting", ()),
    Treatment("removal", "redundancy", ()),
    Treatment("larger_images", "receptive_field", ()),
)
MECHANISMS = {treatment.name: treatment.mechanism for treatment in TREATMENTS}
UNTREATED = {  # train and test error at the three depths
    "optimization": ((0.02, 0.10), (0.05, 0.13), (0.80, 0.82)),
    "overfitting": ((0.05, 0.22), (0.01, 0.28), (0.00, 0.36)),
    "redundancy": ((0.001, 0.02), (0.001, 0.03), (0.001, 0.06)),
    "receptive_field": ((0.02, 0.10), (0.03, 0.16), (0.05, 0.22)),
}
REPAIRED = {
    "optimization": ((0.02, 0.10), (0.02, 0.10), (0.02, 0.11)),
    "overfitting": ((0.05, 0.22), (0.04, 0.22), (0.04, 0.23)),
    "redundancy": ((0.001, 0.02), (0.001, 0.02), (0.001, 0.021)),
    "receptive_field": ((0.02, 0.10), (0.02, 0.10), (0.02, 0.105)),
}


def by_name(rows: list[records.Attribution]) -> dict[tuple[str, str], records.Attribution]:
    return {(row.variant, row.treatment): row for row in rows}


def test_a_row_is_the_difference_in_differences() -> None:
    draw = np.random.default_rng(0)
    infos = variants((8, 56), ["residual"])
    means = {"d8": 0.1, "d56": 0.6, "d8+residual": 0.08, "d56+residual": 0.2}
    errors = {
        name: np.stack([draw.normal(mean - 0.05, 0.02, 4), draw.normal(mean, 0.03, 4)], axis=1)
        for name, mean in means.items()
    }
    (row,) = attribute(summary(errors), infos, TREATMENTS)
    trains, tests = ({n: runs[:, k] for n, runs in errors.items()} for k in (0, 1))
    assert (row.group, row.variant, row.best, row.seeds) == ("plain", "d56", "d8", 4)
    assert (row.mechanism, row.treatment) == ("optimization", "residual")
    welch = stats.ttest_ind(tests["d56"], tests["d8"], equal_var=False).confidence_interval(0.95)
    # The variances borrow from the other variants, and are those of fractions.
    assert (row.excess_low, row.excess_high) == pytest.approx((welch.low, welch.high), abs=0.02)
    excess = tests["d56"] - tests["d8"]
    left = tests["d56+residual"] - tests["d8+residual"]
    assert row.gain_at_best > 0
    assert row.gain == pytest.approx((tests["d56"] - tests["d56+residual"]).mean())
    assert row.recovered == pytest.approx((excess - left).mean())
    error = np.sqrt(sum(tests[name].var(ddof=1) / 4 for name in means))
    half = stats.t.ppf(0.975, 12) * error
    assert (row.low, row.high) == pytest.approx(
        (row.recovered - half, row.recovered + half), abs=0.03
    )
    assert row.share == pytest.approx((excess - left).mean() / excess.mean())
    assert row.share_low < row.share < row.share_high
    assert (row.word, row.p) == ("cause", pytest.approx(0, abs=0.01))
    assert row.factor == pytest.approx(
        (tests["d56"].mean() / tests["d56+residual"].mean())
        / (tests["d8"].mean() / tests["d8+residual"].mean())
    )
    fit = trains["d56"] - trains["d8"] - trains["d56+residual"] + trains["d8+residual"]
    assert row.optimization_part == pytest.approx(fit.mean())
    assert row.optimization_part + row.generalization_part == pytest.approx(row.recovered)


@pytest.mark.parametrize("truth", UNTREATED)
def test_the_planted_mechanism_gets_the_credit(truth: str) -> None:
    means: dict[str, tuple] = {"": UNTREATED[truth]}
    for name, mechanism in MECHANISMS.items():
        means[name] = REPAIRED[truth] if mechanism == truth else UNTREATED[truth]
    table, infos = study(means, DEPTHS, seeds=5, spread=0.004, draw=np.random.default_rng(11))
    rows = attribute(table, infos, TREATMENTS)
    deepest = [row for row in rows if row.variant == "d56"]
    assert [row.mechanism for row in deepest] == list(MECHANISMS.values())
    assert {row.best for row in deepest} == {"d8"}
    credited = [row for row in deepest if row.established]
    assert [row.mechanism for row in credited] == [truth]
    lost = UNTREATED[truth][2][1] - UNTREATED[truth][0][1]
    won = lost - (REPAIRED[truth][2][1] - REPAIRED[truth][0][1])
    assert credited[0].excess == pytest.approx(lost, abs=0.01)
    assert credited[0].share == pytest.approx(won / lost, abs=0.12)
    assert credited[0].share_low < won / lost < credited[0].share_high
    by_fit = credited[0].optimization_part > credited[0].generalization_part
    assert by_fit == (truth == "optimization")


def test_a_healthy_pair_has_no_excess() -> None:
    healthy = ((0.01, 0.050), (0.0, 0.048), (0.0, 0.050))
    table, infos = study(
        dict.fromkeys(["", *MECHANISMS], healthy),
        DEPTHS,
        seeds=5,
        spread=0.004,
        draw=np.random.default_rng(2),
    )
    assert attribute(table, infos, TREATMENTS) == []


def exact(means: Means) -> records.Attribution:
    """Returns the row of the deep net of a study with almost no spread."""
    table, infos = study(means, (8, 56), seeds=4, spread=1e-4, draw=np.random.default_rng(1))
    (row,) = attribute(table, infos, [Treatment("x", "overfitting", ())])
    return row


def test_what_helps_all_depths_alike_earns_nothing() -> None:
    row = exact({"": ((0.1, 0.2), (0.4, 0.5)), "x": ((0.1, 0.1), (0.4, 0.4))})
    assert row.gain == pytest.approx(0.1, abs=0.001)
    assert row.recovered == pytest.approx(0, abs=0.001)
    assert not row.established


def test_what_ruins_all_depths_earns_nothing() -> None:
    row = exact({"": ((0.1, 0.2), (0.4, 0.5)), "x": ((0.9, 0.9), (0.9, 0.9))})
    assert row.gain_at_best == pytest.approx(-0.7, abs=0.001)
    assert row.recovered == pytest.approx(-0.4, abs=0.001)
    assert row.high < 0


def test_harm_to_the_best_depth_is_not_counted() -> None:
    row = exact({"": ((0.1, 0.2), (0.4, 0.5)), "x": ((0.2, 0.3), (0.35, 0.45))})
    assert row.recovered == pytest.approx(0.05, abs=0.001)
    assert row.share == pytest.approx(0.05 / 0.3, abs=0.005)


@pytest.mark.parametrize(
    ("at_best", "spread", "word"),
    [
        (0.130, 0.010, "harms the best"),  # three points, which six runs leave somewhat open
        (0.104, 0.002, "cause"),  # less than a point
        (0.142, 0.0001, "harms the best"),
    ],
)
def test_likely_harm_to_the_best_depth_is_enough(at_best: float, spread: float, word: str) -> None:
    means = {"": ((0.0, 0.1), (0.0, 0.5)), "x": ((0.0, at_best), (0.0, 0.25))}
    table, infos = study(means, (8, 56), seeds=3, spread=spread, draw=np.random.default_rng(3))
    (row,) = attribute(table, infos, [Treatment("x", "overfitting", ())])
    assert row.word == word


def test_missing_runs_are_left_out_of_the_pairs() -> None:
    means = {"": ((0.1, 0.2), (0.4, 0.5)), "x": ((0.1, 0.2), (0.1, 0.2))}
    table, infos = study(means, (8, 56), seeds=4, spread=0.003, draw=np.random.default_rng(1))
    treatments = [Treatment("x", "overfitting", ())]
    fewer = table[~((table.variant == "d56+x") & (table.seed == 2))]
    (row,) = attribute(fewer, infos, treatments)
    assert row.seeds == 3
    one = table[~((table.variant == "d56+x") & (table.seed > 0))]
    (row,) = attribute(one, infos, treatments)
    assert row.recovered == pytest.approx(0.3, abs=0.02)
    assert np.isnan([row.low, row.high, row.share_low, row.share_high]).all()
    assert not row.established
    assert attribute(table[table.variant != "d8+x"], infos, treatments) == []
    assert attribute(table[table.seed == 0], infos, treatments) == []  # one seed: no excess
    assert attribute(table[:0], infos, treatments) == []


@pytest.mark.slow
def test_intervals_keep_their_level() -> None:
    draw = np.random.default_rng(5)
    means = {
        "": ((0.1, 0.2), (0.4, 0.5)),
        "half": ((0.1, 0.2), (0.25, 0.35)),
        "nothing": ((0.1, 0.2), (0.4, 0.5)),
    }
    both = [Treatment(name, "overfitting", ()) for name in ("half", "nothing")]
    attributions = []
    for _ in range(150):
        table, infos = study(means, (8, 56), seeds=4, spread=0.03, draw=draw)
        attributions.append(by_name(attribute(table, infos, both)))
    half, nothing = ([rows["d56", name] for rows in attributions] for name in ("half", "nothing"))
    # Leaving out harm to the best depth that is chance makes the credit a little small.
    assert np.mean([row.recovered for row in half]) == pytest.approx(0.15, abs=0.017)
    # The standard error of a share of 95% is 1.8 points.
    assert np.mean([row.low <= 0.15 <= row.high for row in half]) > 0.91
    assert np.mean([row.share_low <= 0.5 <= row.share_high for row in half]) > 0.91
    assert np.mean([row.established for row in nothing]) < 0.05


def test_a_best_depth_that_is_left_as_it_is_gains_nothing() -> None:
    means = {"": ((0.1, 0.2), (0.4, 0.5)), "x": ((0.0, 0.1), (0.1, 0.2))}
    table, infos = study(means, (8, 56), seeds=4, spread=0.003, draw=np.random.default_rng(1))
    treatments = [Treatment("x", "redundancy", ())]
    changed = [info for info in infos if info.name != "d8+x"]
    (row,) = attribute(table[table.variant != "d8+x"], changed, treatments)
    assert row.gain_at_best == 0
    assert row.recovered == row.gain == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("name", ["longer4", "patience"])
def test_a_longer_training_is_weighed_where_the_best_depth_has_it_too(name: str) -> None:
    """It has four times the steps of a net that might gain as much by them, by whatever name."""
    means = {"": ((0.1, 0.2), (0.4, 0.5)), name: ((0.0, 0.1), (0.1, 0.2))}
    table, infos = study(means, (8, 56), seeds=4, spread=0.003, draw=np.random.default_rng(1))
    treatments = [Treatment(name, "budget", ())]
    (row,) = attribute(table, infos, treatments)
    assert row.recovered == pytest.approx(0.2, abs=0.02)
    others = [info for info in infos if info.name != f"d8+{name}"]
    assert attribute(table[table.variant != f"d8+{name}"], others, treatments) == []


@pytest.mark.parametrize(
    ("whole", "word"), [(0.19, "no more than its control"), (0.21, ""), (0.25, "cause")]
)
def test_a_cause_wins_back_more_than_each_control(whole: float, word: str) -> None:
    """Fine-tuning takes more epochs; the whole net, trained for as long, may do as well."""
    means = {
        "": ((0.0, 0.20), (0.0, 0.30)),
        "removal": ((0.0, 0.195), (0.0, 0.21)),
        "scratch": ((0.0, 0.195), (0.0, 0.25)),
        "whole": ((0.0, 0.195), (0.0, whole)),
    }
    table, infos = study(means, (8, 20), seeds=3, spread=0.002, draw=np.random.default_rng(4))
    controls = [Treatment(n, "redundancy", (), (), "removal") for n in ("scratch", "whole")]
    treatments = [Treatment("removal", "redundancy", ()), *controls]
    seen = {info.name: 12.0 if info.treatment else 8.0 for info in infos}
    rows = by_name(attribute(table, infos, treatments, budgets=seen))
    row = rows["d20", "removal"]
    assert row.recovered == pytest.approx(0.085, abs=0.01)
    assert row.low > 0
    assert row.word == (word or "no more than its control")
    assert row.established == (row.p <= 0.05) == (word == "cause")
    assert np.isnan(rows["d20", "whole"].p)  # a control is not said to be a cause
    assert {row.budget_ratio for row in rows.values()} == {1.5}
    few = table[~((table.variant == "d20+whole") & (table.seed > 1))]
    row = by_name(attribute(few, infos, treatments))["d20", "removal"]
    assert np.isnan(row.p)
    assert not row.established


@pytest.mark.parametrize(("at_best", "deep_seeds"), [(0.1, 2), (0.3, 5)])
def test_of_two_seeds_nothing_is_said(at_best: float, deep_seeds: int) -> None:
    """It wins back nearly all, or harms the best depth: still two seeds show nothing."""
    infos = variants((8, 56), ["residual"])
    draw = np.random.default_rng(0)
    means = {"d8": (0.1, 5), "d56": (0.4, 5), "d8+residual": (at_best, 2)}
    means["d56+residual"] = (0.11, deep_seeds)
    errors = {
        name: np.stack([draw.normal(mean, 0.003, seeds)] * 2, axis=1)
        for name, (mean, seeds) in means.items()
    }
    (row,) = attribute(summary(errors), infos, TREATMENTS)
    assert row.seeds == 2
    assert (row.word, np.isnan(row.p)) == ("not shown", True)
