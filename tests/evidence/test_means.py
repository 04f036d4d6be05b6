import math

import numpy as np
import pytest
from made_study import summarize, variant
from scipy import stats

from depthstudy import records
from depthstudy.evidence import means
from depthstudy.evidence.costs import pareto


def record(seed, step, metric, value, layer="", probe="isometry"):
    return records.Record(
        study="s", variant="plain-8", seed=seed, step=step, probe=probe, layer=layer,
        metric=metric, value=value,
    )  # fmt: skip


def by_metric(rows):
    return {row.metric: row for row in rows}


def runs(errors, images=200):
    """The table of runs that err as often on test images, and on which images they do."""
    info = variant("plain", 8)
    wrong = np.zeros((len(errors), images), bool)
    for run, error in zip(wrong, errors, strict=True):
        run[: round(error * images)] = True
    rows = [summarize(info, seed, 0.0, error) for seed, error in enumerate(errors)]
    return records.frame(records.Summary, rows), {info.name: wrong}, info


def test_what_is_no_error_has_its_t_interval():
    values = [0.62, 0.735, 0.81, 0.7]
    rows = [record(seed, 100, "distance", value) for seed, value in enumerate(values)]
    (mean,) = means.over_seeds(records.frame(records.Summary, []), rows)
    low, high = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert (mean.low, mean.high) == pytest.approx((low, high), rel=1e-12)
    assert mean.seeds == 4


def test_errors_that_all_runs_share_may_be_others_on_other_images():
    summary, wrong, info = runs([0.02, 0.02, 0.02])
    counted = {"predictions": wrong, "images": {"train_error": 500, "test_error": 200, "gap": 200}}
    averages = by_metric(means.over_seeds(summary, **counted))
    # The three runs err on the same four images: no more is known than of one run.
    wilson = stats.binomtest(4, 200).proportion_ci(method="wilson")
    error, gap = averages["test_error"], averages["gap"]
    assert error.mean == pytest.approx(0.02)
    assert (error.low, error.high) == pytest.approx((wilson.low, wilson.high), abs=0.01)
    assert (error.high - error.low) == pytest.approx(wilson.high - wilson.low, rel=0.2)
    assert gap.high - gap.low == pytest.approx(error.high - error.low, rel=0.2)
    assert averages["train_error"].low <= 0 < averages["train_error"].high < 0.02
    # It is the one interval of the study.
    (point,) = pareto.points(summary, [info], **counted)
    assert (error.mean, error.low, error.high) == (point.test_error, point.low, point.high)


def test_without_answers_a_run_scatters_by_half_a_count():
    summary, _, _ = runs([0.02, 0.02, 0.02])
    error = by_metric(means.over_seeds(summary, images={"test_error": 200}))["test_error"]
    assert error.low < 0.02 - 0.5 / 200 / math.sqrt(3)
    assert error.high > 0.02 + 0.5 / 200 / math.sqrt(3)


def test_numbers_that_agree_have_a_point_where_the_seed_changes_nothing():
    nothing = records.frame(records.Summary, [])
    rows = [record(seed, 100, "receptive_field", 7.0, probe="field") for seed in range(3)]
    rows += [record(seed, 100, "distance", 0.5) for seed in range(3)]
    averages = by_metric(means.over_seeds(nothing, rows))
    field = averages["field.receptive_field"]
    assert (field.low, field.high) == (7.0, 7.0)
    assert averages["isometry.distance"].mean == 0.5
    assert math.isnan(averages["isometry.distance"].low)


def test_one_value_has_no_interval_and_no_finite_value_no_mean():
    rows = [summarize(variant("plain", 8), 0, 0.5, math.nan)]
    averages = by_metric(means.over_seeds(records.frame(records.Summary, rows)))
    assert (averages["train_error"].mean, averages["train_error"].seeds) == (0.5, 1)
    assert math.isnan(averages["train_error"].low)
    assert "test_error" not in averages


def test_the_last_value_of_a_probe_counts_and_layers_do_not():
    rows = [
        record(0, 100, "distance", 1.0),
        record(0, 50, "distance", 9.0),
        record(1, 100, "distance", 3.0),
        record(0, 100, "norm", 5.0, layer="stem/conv"),
        record(0, 100, "not_applicable: it has none", 1.0),
        record(0, 100, "loss", 0.3, probe="training"),
    ]
    averages = means.over_seeds(records.frame(records.Summary, []), rows)
    assert [(row.metric, row.mean, row.seeds) for row in averages] == [
        ("isometry.distance", 2.0, 2)
    ]
