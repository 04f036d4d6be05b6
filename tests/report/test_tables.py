import math

import made_interventions
import made_study
import pandas as pd
import pytest
from reseal import reseal

from depthstudy import records, report, store
from depthstudy.errors import InputError
from depthstudy.evidence.causes.decomposition import decompose
from depthstudy.report import tables


def test_names_that_look_like_numbers_or_nothing_stay_text(tmp_path):
    variants = [made_study.variant("None", 8, "18"), made_study.variant("None", 20, "NA")]
    summary = [made_study.summarize(info, 0, 0.1, math.nan) for info in variants]
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
    made_study.save(tmp_path, made_study.describe(variants, 1), [], summary, [verdict])
    study = tables.read_study(tmp_path)
    assert list(study.summary["variant"]) == ["18", "NA"]
    assert tables.mean(study, "NA", "train_error").mean == 0.1
    assert tables.mean(study, "NA", "test_error").seeds == 0
    assert study.verdicts[0].hypothesis == "1e3"
    assert study.verdicts[0].seeds_to_settle is None


def test_tables_come_back_as_they_were_written(tmp_path):
    errors = made_study.final_errors(3)
    made_study.fake_study(tmp_path)
    study = tables.read_study(tmp_path)
    assert study.decomposition == tuple(
        decompose(study.summary, study.info.variants, images=made_study.COUNTED)
    )
    assert study.verdicts == tuple(made_study.judge(errors))


def test_curve_drops_what_is_not_finite(tmp_path):
    made_study.fake_study(tmp_path)
    path = tmp_path / store.RECORDS
    table = pd.read_csv(path)
    broken = table["metric"].eq("loss") & table["step"].eq(20)
    table.loc[broken, "value"] = math.inf
    store.write_table(path, table)
    reseal(tmp_path)
    curve = tables.curve(tables.read_study(tmp_path), "training", "loss")
    assert 20 not in set(curve["step"])
    assert len(curve) == table["metric"].eq("loss").sum() - broken.sum()


def test_groups_labels_and_divergences(tmp_path):
    made_study.fake_study(tmp_path)
    study = tables.read_study(tmp_path)
    groups = tables.groups(study.info)
    assert {name: [v.depth for v in rows] for name, rows in groups.items()} == {
        "plain": [8, 20, 32, 56],
        "resnet": [8, 20, 32, 56],
    }
    assert tables.label(study.info, "plain-32") == "depth 32"
    assert tables.has_depths(study.info)
    assert tables.divergences(study) == {"plain-56": tables.Divergence(1, 130)}


def test_variants_of_one_depth_keep_their_names(tmp_path):
    made_interventions.wide_study(tmp_path, count=2)
    info = tables.read_study(tmp_path).info
    assert not tables.has_depths(info)
    assert tables.label(info, info.variants[0].name) == info.variants[0].name


@pytest.mark.parametrize("name", [store.MEANS, store.PARETO, store.PRUNING, store.GAINS])
def test_a_folder_of_an_earlier_version_is_run_again(tmp_path, name):
    made_interventions.wide_study(tmp_path, count=2)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"earlier version, .*run the same command again"):
        report.write(tmp_path)
    assert not (tmp_path / store.REPORT).exists()
