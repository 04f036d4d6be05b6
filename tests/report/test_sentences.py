import made_study

from depthstudy.report.sections.training.curves import divergence_sentence
from depthstudy.report.tables import Divergence
from depthstudy.report.text.sentences import figure_note


def test_divergence():
    assert divergence_sentence("plain-56", 3, Divergence(2, 1130)) == (
        "plain-56: 2 of 3 seeds diverged, first at step 1,130."
    )
    assert divergence_sentence("plain-56", 1, Divergence(1, 130)) == (
        "plain-56: 1 of 1 seed diverged, at step 130."
    )


def test_figure_note():
    info = made_study.describe([made_study.variant("plain", 8)], 3)
    assert figure_note(info, "dots are seeds") == "digits: mean of 3 seeds; dots are seeds"
    info = made_study.describe([made_study.variant("plain", 8)], 1)
    assert figure_note(info, "dots are seeds") == "digits: one seed"
