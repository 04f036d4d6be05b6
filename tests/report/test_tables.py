import math

import pandas as pd
import pytest
from scipy import stats

from depthstudy import records, store
from depthstudy.report import tables


def test_estimate_is_the_t_interval():
    values = [0.62, 0.735, 0.81, 0.7]
    found = tables.estimate([*values, math.nan])
    low, high = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert found.count == 4


def test_estimate_of_one_value_and_of_none():
    one, none = tables.estimate([0.5]), tables.estimate([math.nan])
    assert (one.mean, one.count) == (0.5, 1)
    assert math.isnan(one.half)
    assert math.isnan(none.mean)


def test_names_that_look_like_numbers_or_nothing_stay_text(tmp_path, made):
    variants = [made.variant("None", 8, "18"), made.variant("None", 20, "NA")]
    summary = [made.summarize(info, 0, 0.1, math.nan) for info in variants]
    verdict = records.Verdict(
        hypothesis="1e3",
        verdict="not tested",
        effect=math.nan,
        low=math.nan,
        high=math.nan,
        p=math.nan,
        seeds=0,
        seeds_to_settle=None,
    )
    made.save(tmp_path, made.describe(variants, 1), [], summary, [], [verdict])
    study = tables.read(tmp_path)
    assert list(study.summary["variant"]) == ["18", "NA"]
    assert tables.final(study, "NA", "train_error").mean == 0.1
    assert tables.final(study, "NA", "test_error").count == 0
    assert study.verdicts[0].hypothesis == "1e3"
    assert study.verdicts[0].seeds_to_settle is None


def test_tables_come_back_as_they_were_written(tmp_path, made):
    errors = made.final_errors(3)
    made.fake_study(tmp_path)
    study = tables.read(tmp_path)
    assert study.decomposition == tuple(made.decompose(errors))
    assert study.verdicts == tuple(made.judge(errors))


def test_curve_drops_what_is_not_finite(tmp_path, made):
    made.fake_study(tmp_path)
    path = tmp_path / store.RECORDS
    table = pd.read_csv(path)
    broken = table["metric"].eq("loss") & table["step"].eq(20)
    table.loc[broken, "value"] = math.inf
    store.write_table(path, table)
    found = tables.curve(tables.read(tmp_path), "training", "loss")
    assert 20 not in set(found["step"])
    assert len(found) == table["metric"].eq("loss").sum() - broken.sum()


def test_groups_labels_and_divergences(tmp_path, made):
    made.fake_study(tmp_path)
    study = tables.read(tmp_path)
    groups = tables.groups(study.info)
    assert {name: [v.depth for v in rows] for name, rows in groups.items()} == {
        "plain": [8, 20, 32, 56],
        "resnet": [8, 20, 32, 56],
    }
    assert tables.label(study.info, "plain-32") == "depth 32"
    assert tables.has_depths(study.info)
    assert tables.divergences(study) == {"plain-56": tables.Divergence(1, 130)}


def test_variants_of_one_depth_keep_their_names(tmp_path, made):
    made.wide_study(tmp_path, count=2)
    info = tables.read(tmp_path).info
    assert not tables.has_depths(info)
    assert tables.label(info, info.variants[0].name) == info.variants[0].name
