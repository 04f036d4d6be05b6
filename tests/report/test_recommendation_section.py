import made_interventions
import pytest

from depthstudy import report, store
from depthstudy.evidence.choice import recommendation as evidence
from depthstudy.records import Recommendation
from depthstudy.report import tables
from depthstudy.report.sections import recommendation as section


def recommendation(**fields):
    plain = {
        "variant": "plain_depth20+residual",
        "group": "plain + residual",
        "treatment": "residual",
        "depth": 20,
        "parameters": 269_434,
        "macs": 2_516_608,
        "seconds": 3.42,
        "test_error": 0.0074,
        "low": 0.0034,
        "high": 0.0114,
        "seeds": 3,
        "best": "plain_depth32",
        "over_best": 0.001,
        "macs_saved_best": 0.413,
        "deepest": "plain_depth56",
        "over_deepest": -0.636,
        "macs_saved_deepest": 0.678,
    }
    return Recommendation(**plain | fields)


def test_recommendation_sentence():
    assert section.recommendation_sentence(recommendation(), treated=True) == (
        "Take plain at depth 20 with residual: test error 0.7% (95% interval 0.3 to 1.1%), "
        "2.5 million multiply-accumulates an image, 269,434 parameters, 3.4 s for a run."
    )
    wide = section.recommendation_sentence(recommendation(low=-0.004), treated=True)
    assert "(95% interval 0.0 to 1.1%)" in wide  # an error is not below zero
    bare = recommendation(group="plain", treatment="", low=None, high=None, macs=747_136)
    assert section.recommendation_sentence(bare, treated=True).startswith(
        "Take plain at depth 20 without a treatment: test error 0.7%, 747,136 multiply"
    )
    assert "treatment" not in section.recommendation_sentence(bare, treated=False)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {},
            "It is the cheapest net within one standard error of the best (plain_depth32), where "
            "it errs 0.1 points more and takes 41% fewer multiply-accumulates. Against the deepest "
            "(plain_depth56) it errs 63.6 points less and takes 68% fewer multiply-accumulates.",
        ),
        (
            {"best": "plain_depth20+residual", "over_deepest": 0.0, "macs_saved_deepest": -0.5},
            "It errs least, and no cheaper net is within one standard error of it. Against the "
            "deepest (plain_depth56) it errs as much and takes 50% more multiply-accumulates.",
        ),
        (
            {
                "best": "plain_depth20+residual",
                "deepest": "plain_depth20+residual",
                "seeds": 1,
                "low": None,
                "high": None,
            },
            "It errs least, on one seed.",
        ),
    ],
)
def test_reason_sentence(fields, sentence):
    assert section.reason_sentence(recommendation(**fields)) == sentence


@pytest.mark.parametrize(
    ("amount", "text"),
    [(75_002, "75,002"), (2_516_608, "2.5 million"), (4_089_184_256, "4.1 billion")],
)
def test_quantity(amount, text):
    assert section.quantity(amount) == text


def test_a_page_recommends_where_there_is_a_choice(tmp_path, bare):
    made_interventions.wide_study(tmp_path, count=2)
    study = tables.read_study(tmp_path)
    choice = evidence.recommend(study.summary, study.info.variants)
    store.write_recommendation(tmp_path, choice)
    text = report.write(tmp_path).read_text(encoding="utf-8")
    assert "Recommendation" in text
    assert "Take norm=none, width=8 at depth 20: test error" in text
    store.write_recommendation(tmp_path, None)
    assert "Recommendation" not in report.write(tmp_path).read_text(encoding="utf-8")
