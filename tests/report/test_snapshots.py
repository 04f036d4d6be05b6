"""The pages of made-up studies and analyses, word by word."""

import made_analysis
import made_interventions
import made_probed
import made_study
import pytest
import snapshots

from depthstudy import report

STUDIES = {
    "study": made_study.fake_study,
    "study_of_one_seed": lambda path: made_study.fake_study(path, seeds=1, hypotheses=[]),
    "study_of_treatments": made_interventions.treated_study,
    "study_without_excess": lambda path: made_interventions.treated_study(path, healthy=True),
    "study_of_pruning": made_interventions.pruned_study,
    "study_of_one_depth": made_interventions.rescued_study,
    "study_with_probes": made_probed.probed_study,
}
ANALYSES = {
    "analysis": made_analysis.save_one,
    "analysis_of_two": made_analysis.save_two,
    "analysis_of_plain": lambda path: made_analysis.save_one(path, "plain"),
}


@pytest.mark.parametrize("name", STUDIES)
def test_studies(name, tmp_path, bare):
    page = report.write(STUDIES[name](tmp_path)).read_text(encoding="utf-8")
    snapshots.check(name, snapshots.Page(page).text)


@pytest.mark.parametrize("name", ANALYSES)
def test_analyses(name, tmp_path, bare):
    page = report.write_analysis(ANALYSES[name](tmp_path)).read_text(encoding="utf-8")
    snapshots.check(name, snapshots.Page(page).text)
