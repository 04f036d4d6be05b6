import math

import pytest
from made_study import summarize, variant
from scipy import stats

from depthstudy import records
from depthstudy.evidence import means


def record(seed, step, metric, value, layer="", probe="isometry"):
    return records.Record(
        study="s", variant="plain-8", seed=seed, step=step, probe=probe, layer=layer,
        metric=metric, value=value,
    )  # fmt: skip


def by_metric(rows):
    return {row.metric: row for row in rows}


def test_errors_have_their_t_interval():
    values = [0.62, 0.735, 0.81, 0.7]
    rows = [summarize(variant("plain", 8), seed, 0.1, v) for seed, v in enumerate(values)]
    found = by_metric(means.over_seeds(records.frame(records.Summary, rows)))
    low, high = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    error = found["test_error"]
    assert (error.low, error.high) == pytest.approx((low, high), rel=1e-12)
    assert (error.seeds, error.half) == (4, pytest.approx((high - low) / 2))


def test_one_value_has_no_interval_and_no_finite_value_no_mean():
    rows = [summarize(variant("plain", 8), 0, 0.5, math.nan)]
    found = by_metric(means.over_seeds(records.frame(records.Summary, rows)))
    assert (found["train_error"].mean, found["train_error"].seeds) == (0.5, 1)
    assert math.isnan(found["train_error"].low)
    assert "test_error" not in found


def test_the_last_value_of_a_probe_counts_and_layers_do_not():
    rows = [
        record(0, 100, "distance", 1.0),
        record(0, 50, "distance", 9.0),
        record(1, 100, "distance", 3.0),
        record(0, 100, "norm", 5.0, layer="stem/conv"),
        record(0, 100, "not_applicable: it has none", 1.0),
        record(0, 100, "loss", 0.3, probe="training"),
    ]
    found = means.over_seeds(records.frame(records.Summary, []), rows)
    assert [(row.metric, row.mean, row.seeds) for row in found] == [("isometry.distance", 2.0, 2)]
