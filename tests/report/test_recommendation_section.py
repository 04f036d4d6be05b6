import dataclasses

import made_interventions
import pytest

from depthstudy import records, report, store
from depthstudy.evidence.choice import recommendation as evidence
from depthstudy.records import Recommendation
from depthstudy.report import tables
from depthstudy.report.sections.answer import first_screen
from depthstudy.report.sections.answer import recommendation as section
from depthstudy.report.text import formats


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


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tables.read_study(made_interventions.treated_study(tmp_path_factory.mktemp("treated")))


def test_what_is_taken_and_what_it_costs(study):
    choice = recommendation()
    assert section.taken(study, choice) == "plain, depth 20, with residual"
    assert section.facts(study, choice) == (
        "0.7% of new images wrong (95% interval 0.3 to 1.1%), "
        f"{cost(study, choice, 'macs')} multiply-accumulates an image, "
        f"{cost(study, choice, 'parameters')} parameters, 3.4 s to train; in "
        "runs/plain_depth20+residual."
    )
    wide = section.facts(study, recommendation(low=-0.004))
    assert "(95% interval 0.0 to 1.1%)" in wide  # an error is not below zero
    bare = section.facts(study, recommendation(low=None, high=None))
    assert bare.startswith("0.7% of new images wrong, ")


def test_a_balanced_error_is_no_share_of_images(study):
    config = study.info.config | {"metric": "balanced_error"}
    balanced = dataclasses.replace(study, info=dataclasses.replace(study.info, config=config))
    facts = section.facts(balanced, recommendation())
    assert facts.startswith("a balanced error of 0.7% on new images (95% interval 0.3 to 1.1%), ")
    (reply,) = [r for r in first_screen.section(balanced).blocks[0].replies if r.question == "Take"]
    assert "a balanced error of " in reply.text
    assert "images wrong" not in reply.text


def cost(study, choice, column):
    runs = study.summary[study.summary["variant"] == choice.variant]
    return formats.amount(int(runs[column].iloc[0]))


def test_a_cost_that_runs_differ_in_is_a_range(study):
    table = study.summary.copy()
    chosen = table["variant"] == "plain_depth20+residual"
    table.loc[chosen, "parameters"] = [10_000, 12_000, 11_000][: chosen.sum()]
    facts = section.facts(dataclasses.replace(study, summary=table), recommendation())
    assert "10,000 to 12,000 parameters" in facts


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"chosen_on": "validation"},
            "It is the simplest net within one standard error of plain_depth32, which errs least "
            "on validation images; on test images it errs 0.1 points more than plain_depth32 and "
            "takes 41% fewer multiply-accumulates. It errs 63.6 points less than the deepest "
            "(plain_depth56) and takes 68% fewer multiply-accumulates.",
        ),
        (
            {"macs_saved_best": -2.37, "over_best": -0.01, "deepest": "plain_depth32"},
            "It is the cheapest net without treatment within one standard error of plain_depth32, "
            "which errs least on test images; on test images it errs 1.0 points less than "
            "plain_depth32 and takes 237% more multiply-accumulates.",
        ),
        (
            {"best": "plain_depth20+residual", "over_deepest": 0.0, "macs_saved_deepest": -0.5},
            "It errs least on test images, and no simpler net is within one standard error of it. "
            "It errs as much as the deepest (plain_depth56) and takes 50% more "
            "multiply-accumulates.",
        ),
        (
            {
                "best": "plain_depth20+residual",
                "deepest": "plain_depth20+residual",
                "seeds": 1,
                "low": None,
                "high": None,
            },
            "It errs least on test images, on one seed.",
        ),
    ],
)
def test_reason_sentence(fields, sentence):
    assert section.reason_sentence(recommendation(**fields)) == sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"chosen_on": "validation"},
            "Chosen by validation error; the test images had no part in it.",
        ),
        (
            {"optimism": 0.008},
            "Chosen by test error, as not every net has images held out for validation. That makes "
            "the error look better than it is: 0.8 points are added to it.",
        ),
        ({}, "Chosen by test error, as not every net has images held out for validation."),
    ],
)
def test_on_what_the_choice_was_made(fields, sentence):
    assert section.choice_sentence(recommendation(**fields)) == sentence


def test_ties_and_want_of_evidence_are_said():
    ties = "plain_depth20+residual, plain_depth8"
    assert section.ties_sentence(recommendation(ties=ties)) == (
        "Within one standard error of the best, too: plain_depth8."
    )
    assert section.ties_sentence(recommendation()) == ""
    open_ = section.ties_sentence(recommendation(ties=ties, enough=False))
    assert open_.startswith("Not enough evidence: no net of the study")
    assert open_.endswith("too: plain_depth8.")
    counted = recommendation(
        ties=ties, enough=False, scope="images like these", chosen_on="validation"
    )
    assert section.ties_sentence(counted) == (
        "Not enough evidence: no net of the study differs from the best by more than other seeds "
        "and other validation images would make it, so this is no more than the simplest of the "
        "good ones. "
        "Within one standard error (other seeds and other validation images) of the best, too: "
        "plain_depth8."
    )
    seeds_alone = section.ties_sentence(recommendation(ties=ties, scope="these images"))
    assert seeds_alone.startswith("Within one standard error (other seeds) of the best, too")
    assert section.excluded_sentence(recommendation(excluded="a, b")) == (
        "2 nets of another training budget not compared: a, b."
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(75_002, "75,002"), (2_516_608, "2.5 million"), (4_089_184_256, "4.1 billion")],
)
def test_amount(value, text):
    assert formats.amount(value) == text


def test_a_page_recommends_where_there_is_a_choice(tmp_path, bare):
    made_interventions.wide_study(tmp_path, count=2)
    study = tables.read_study(tmp_path)
    choice = evidence.recommend(study.summary, study.info.variants)
    store.write_recommendation(tmp_path, choice)
    text = report.write(tmp_path).read_text(encoding="utf-8")
    assert "Recommendation" in text
    assert "Take " + choice.variant in text or f"Take {choice.group}, depth 20" in text
    store.write_recommendation(tmp_path, None)
    assert "Recommendation" not in report.write(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            "nothing learned",
            "No net is recommended: none is better than always giving the same answer.",
        ),
        ("several data sets", "No net is recommended: nets have several data sets"),
        ("unequal budgets", "No net is recommended: each saw another number of images"),
    ],
)
def test_it_is_said_why_there_is_no_choice(study, reason, sentence):
    answer = records.Answer(group="", depths=(), next=records.NextStep(reason=""), no_choice=reason)
    none = dataclasses.replace(study, recommendation=None, answer=answer)
    (text,) = section.section(none).blocks
    assert text.text.startswith(sentence)
    replies = {r.question: r for r in first_screen.section(none).blocks[0].replies}
    assert (replies["Take"].word, replies["Take"].text) == ("None", text.text)
    assert section.section(dataclasses.replace(none, answer=None)) is None
