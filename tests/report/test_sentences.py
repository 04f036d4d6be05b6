import dataclasses

import made_study
import pandas as pd

from depthstudy.report import tables
from depthstudy.report.charts.training import curves
from depthstudy.report.sections import errors
from depthstudy.report.sections.training.curves import divergence_sentence
from depthstudy.report.tables import Divergence


def test_divergence():
    assert divergence_sentence("plain-56", 3, Divergence(2, 1130)) == (
        "plain-56: 2 of 3 seeds diverged, first at step 1,130."
    )
    assert divergence_sentence("plain-56", 1, Divergence(1, 130)) == (
        "plain-56: 1 of 1 seed diverged, at step 130."
    )


def test_seeds_are_those_of_the_variants_that_are_shown(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path))
    note = tables.figure_note(study, "dots are seeds")
    assert note == "digits: mean of 3 seeds; dots are seeds"
    more = study.summary[study.summary["variant"] == "plain-8"]
    added = pd.concat([study.summary, more.assign(seed=more["seed"] + 3)])
    grown = dataclasses.replace(study, summary=added)
    note = tables.figure_note(grown, "dots are seeds")
    assert note == "digits: mean of 3 to 6 seeds; dots are seeds"
    assert tables.lede(grown).startswith("8 variants × 3 to 6 seeds on digits")
    assert "Large marks are means over 3 to 6 seeds" in errors.section(grown).blocks[0].caption
    assert tables.figure_note(grown, "of trials", 1) == "digits: one seed; of trials"
    assert tables.figure_note(grown, "of trials", 2) == "digits: mean of 2 seeds; of trials"


def test_one_seed(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path, seeds=1, hypotheses=[]))
    assert tables.figure_note(study, "dots are seeds") == "digits: one seed"


def test_no_interval_of_two_seeds_is_spoken_of(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path, seeds=2, hypotheses=[]))
    caption = errors.section(study).blocks[0].caption
    assert "(of three seeds or more, and cut at the edges)" in caption


def test_one_run_each_of_more_to_come_is_one_seed(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path))
    first = dataclasses.replace(study, summary=study.summary[study.summary["seed"] == 0])
    assert "One seed each" in errors.section(first).blocks[0].caption
    assert tables.figure_note(first, "dots are seeds") == "digits: one seed"
    assert not curves.shows_seeds(first, curves.families(first)[0])
    assert curves.shows_seeds(study, curves.families(study)[0])


def test_all_sets_are_named_where_nets_differ_in_them(tmp_path):
    study = tables.read_study(made_study.fake_study(tmp_path))
    first, *others = study.info.variants
    moved = dataclasses.replace(first, settings={"data.name": "garments"})
    info = dataclasses.replace(study.info, variants=(*others, moved))
    lede = tables.lede(dataclasses.replace(study, info=info))
    assert lede.startswith("8 variants × 3 seeds on digits and garments, images")
