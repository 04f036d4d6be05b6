import math

import pytest

from depthstudy.records import Attribution, Decomposition
from depthstudy.report.sections.causes import attribution, no_excess, treatments


def row(recovered, low, high, treatment="residual", mechanism="optimization", **fields):
    excess = fields.pop("excess", 0.64)
    plain = {
        "group": "plain",
        "variant": "d56",
        "best": "d8",
        "excess": excess,
        "excess_low": excess - 0.1,
        "excess_high": excess + 0.1,
        "gain": recovered,
        "gain_at_best": 0.0,
        "share": recovered / excess,
        "share_low": low / excess,
        "share_high": high / excess,
        "optimization_part": recovered,
        "generalization_part": 0.0,
        "seeds": 3,
    }
    estimate = {"recovered": recovered, "low": low, "high": high}
    return Attribution(**plain | fields | estimate, treatment=treatment, mechanism=mechanism)


RESIDUAL = row(0.63, 0.51, 0.75)
NOTHING = row(-0.012, -0.095, 0.072, "weight_decay", "overfitting")
HARM = row(-0.03, -0.05, -0.01, "weight_decay", "overfitting")
LARGER = row(0.24, 0.21, 0.27, "larger_images", "receptive_field")


@pytest.mark.parametrize(
    ("treatment_row", "sentence"),
    [
        (
            RESIDUAL,
            "Residual (optimization) wins back 63.0 of the 64.0 points "
            "(share 98%, 95% interval 80 to 117%).",
        ),
        (
            row(0.70, 0.60, 0.80),
            "Residual (optimization) wins back 70.0 points, all of the 64.0 that were lost "
            "(share 109%, 95% interval 94 to 125%).",
        ),
        (
            row(0.63, 0.51, 0.75, share_low=math.nan, share_high=math.nan),
            "Residual (optimization) wins back 63.0 of the 64.0 points (share 98%).",
        ),
        (
            NOTHING,
            "Weight decay (overfitting) wins back nothing that can be told from chance "
            "(−1.2 points, 95% interval −9.5 to 7.2).",
        ),
        (
            HARM,
            "Weight decay (overfitting) wins back nothing: it adds 3.0 points "
            "(95% interval 1.0 to 5.0).",
        ),
        (
            row(0.63, math.nan, math.nan, seeds=1),
            "Residual (optimization): too few seeds to tell what it wins back from chance.",
        ),
    ],
)
def test_treatment_sentence(treatment_row, sentence):
    assert attribution.treatment_sentence(treatment_row) == sentence


def test_credit_goes_by_intervals_alone():
    assert attribution.credit_sentence([RESIDUAL]) == "Treating optimization wins back 98% of it."
    assert attribution.credit_sentence([row(0.64, 0.5, 0.8)]) == (
        "Treating optimization wins back all of it."
    )
    weaker = row(0.32, 0.1, 0.5, "isometry")
    assert attribution.credit_sentence([LARGER, NOTHING, weaker, RESIDUAL]) == (
        "Treating optimization wins back 98% of it and treating the receptive field 38%."
    )
    assert attribution.credit_sentence([NOTHING, HARM]) == (
        "No treatment in this study wins back more of it than chance could."
    )


def test_excess_sentence():
    assert attribution.excess_sentence("plain", "depth 56", "depth 8", (0.64, 0.578, 0.7)) == (
        "In plain, depth 56 errs 64.0 points more than depth 8 (95% interval 57.8 to 70.0)."
    )


def excess(word, high=0.03, seeds=3):
    return Decomposition(
        group="plain", variant="d56", best="d8", part="total", effect=0.005, low=-0.002, high=high,
        seeds=seeds, word=word,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("deeper", "sentence"),
    [
        (
            [("depth 56", excess("no excess"))],
            "In plain, no excess: depth 56 errs at most a point more than the best (depth 8).",
        ),
        (
            [("depth 56", excess("cannot tell")), ("depth 20", excess("no excess"))],
            "In plain, no excess: depth 20 errs at most a point more than the best (depth 8); "
            "depth 56 may err up to 3.0 points more than the best (depth 8).",
        ),
        (
            [("depth 56", excess("cannot tell", seeds=1))],
            "In plain, one seed each: that a deeper net does worse may be chance.",
        ),
    ],
)
def test_no_excess_is_said_where_it_is_shown(deeper, sentence):
    assert no_excess.no_excess_sentence("plain", "depth 8", deeper) == sentence


@pytest.mark.parametrize(
    ("treatment_row", "end"),
    [
        (
            row(0.3, 0.2, 0.4, word="points only"),
            "wins back 30.0 points, but by a factor it may do as much for the best depth: a "
            "general good, not shown to be a cause.",
        ),
        (
            row(0.3, 0.2, 0.4, word="no more than its control", budget_ratio=1.5),
            "wins back 30.0 points, but no more, beyond chance, than its control: not shown to be "
            "a cause. Unequal budgets: one side saw 1.5 times the images.",
        ),
        (
            row(0.3, 0.2, 0.4, word="harms the best", gain_at_best=-0.05),
            "is not credited: it wins back 30.0 points, but the best depth errs 5.0 points more "
            "with it.",
        ),
    ],
)
def test_what_is_no_cause_is_not_credited(treatment_row, end):
    assert attribution.treatment_sentence(treatment_row).endswith(end)
    assert attribution.credit_sentence([treatment_row]).startswith("No treatment")


@pytest.mark.parametrize(
    ("effect", "low", "high", "sentence"),
    [
        (
            0.2, 0.1, 0.3,
            "That is 20.0 points (95% interval 10.0 to 30.0) beyond a and b apart: both are "
            "needed.",
        ),
        (
            -0.2, -0.3, -0.1,
            "Apart, a and b add up to 20.0 points more than together (95% interval 10.0 to 30.0): "
            "they overlap.",
        ),
        (
            0.02, -0.1, 0.3,
            "Beyond a and b apart, that is 2.0 points (95% interval −10.0 to 30.0), which may be "
            "chance.",
        ),
    ],
)  # fmt: skip
def test_what_two_treatments_do_together(effect, low, high, sentence):
    combined = row(
        0.6, 0.5, 0.7, "both", combines="a + b", interaction=effect, interaction_low=low,
        interaction_high=high, word="cause",
    )  # fmt: skip
    assert attribution.treatment_sentence(combined).endswith(sentence)


def test_what_treatments_change():
    settings = [["data.image_size", "double"], ["data.shift", 1]]
    assert treatments.changes(settings) == "data.image_size is doubled and data.shift is 1"
    as_long = [["train.epochs", "with_fine_tuning"]]
    assert treatments.changes(as_long) == "train.epochs is raised by those of the fine-tuning"


def test_of_a_treatment_that_does_no_more_than_its_control_it_is_said():
    removal = row(0.3, 0.2, 0.4, "block_removal", "redundancy", word="no more than its control")
    whole = row(0.4, 0.3, 0.5, "whole", "redundancy", control_of="block_removal", word="control")
    assert attribution.credit_sentence([removal, whole]) == (
        "No treatment in this study shows a cause. Block removal wins back no more of it than a "
        "control."
    )


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        (None, "cannot tell: that the deepest net (depth 20) is the best may be chance."),
        (
            0.047,
            "cannot tell: the deepest net (depth 20) is the best, but may err up to 4.7 points "
            "more than another.",
        ),
        (
            0.009,
            "no excess: the deepest net (depth 20) is the best, and errs less than a point more "
            "than any other.",
        ),
    ],
)
def test_that_the_deepest_errs_least_is_no_proof(most, sentence):
    assert no_excess.deepest_sentence("plain", "depth 20", most) == f"In plain, {sentence}"
