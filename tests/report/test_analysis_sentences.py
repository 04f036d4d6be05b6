import math

import made_analysis
import pytest
from made_analysis import made

from depthstudy.report import tables
from depthstudy.report.analysis import (
    deletion,
    findings,
    fit,
    gradients,
    layers,
    receptive_field,
    similarity,
)
from depthstudy.report.analysis.parts import Finding
from depthstudy.report.tables.nets import longest_alike


@pytest.fixture
def two(tmp_path):
    return made_analysis.save_two(tmp_path)


def sentences(folder):
    """Returns state and text of each check of each run."""
    checks = findings.findings(tables.read_analysis(folder))
    return {
        check.name: [
            (side.state, side.text.replace("\N{NON-BREAKING HYPHEN}", "-")) for side in sides
        ]
        for check, sides in checks
    }


def test_sentences_follow_from_the_numbers(two):
    assert sentences(two) == {
        "Fit": [
            (
                "nothing",
                "Train error 0.0%, test error 2.1%: the net fits its train set and does about as "
                "well on new images.",
            ),
            (
                "stands out",
                "Train error 61.0%, test error 63.2%: the net does not fit its own train set.",
            ),
        ],
        "Gradients": [
            (
                "nothing",
                "From head to stem, gradients grow 1.3-fold at initialization and grow 2.0-fold "
                "at step 460.",
            ),
            (
                "stands out",
                "From head to stem, gradients shrink 300-fold at initialization and grow "
                "2.0-fold at step 460.",
            ),
        ],
        "Blocks": [
            (
                "stands out",
                "Taking out any one block costs 0.0 to 20.0 points of test error: 4 of 7 "
                "removable blocks are redundant by this measure, 6 once batch statistics are "
                "taken anew.",
            ),
            (
                "does not apply",
                "Does not apply: no block has an identity shortcut, so none can be taken out.",
            ),
        ],
        "Field of view": [
            (
                "stands out",
                "From 2.2 conv1 on, 10 of 19 convolutions lie past the border: they see nothing "
                "new, as the input already covers the whole image (32 px).",
            )
        ]
        * 2,
        "Similarity": [
            ("nothing", "3 of 9 blocks in a row, 1.1 to 1.3, are nearly alike (CKA above 0.9).")
        ]
        * 2,
        "Classes": [
            (
                "nothing",
                "From block 3.1 the classes can be read off with 99.2% accuracy: the 2 blocks "
                "after it add less than 1 point.",
            )
        ]
        * 2,
        "Filters": [
            ("nothing", "On average over blocks 0.7% of filters never fire, at most 6.0%, in 1.2.")
        ]
        * 2,
    }


@pytest.mark.parametrize(
    ("train", "test", "state", "end"),
    [
        (
            0.049,
            0.06,
            "nothing",
            "the net fits its train set and does about as well on new images.",
        ),
        (
            0.0,
            0.08,
            "stands out",
            "the net fits its train set, but loses 8.0 points on new images.",
        ),
        (0.2, 0.21, "stands out", "the net does not fit its own train set."),
        (
            0.2,
            0.4,
            "stands out",
            "the net does not fit its own train set, and does worse still on new images.",
        ),
    ],
)
def test_fit(train, test, state, end):
    run = made(generalization__train_error=train, generalization__test_error=test)
    assert fit.fit(run) == Finding(state, f"Train error {train:.1%}, test error {test:.1%}: {end}")


@pytest.mark.parametrize(
    ("slope", "state", "text"),
    [
        (0.01, "nothing", "keep their size"),
        (-0.9, "nothing", "shrink 7.9-fold"),
        (-1.0, "stands out", "shrink 10-fold"),
        (3.1, "stands out", "grow 1,300-fold"),
        (-38.0, "stands out", "shrink more than a million-fold"),
    ],
)
def test_gradients(slope, state, text):
    finding = gradients.find(made(gradients__gradient_norm_slope_initial=slope))
    sentence = finding.text.replace("\N{NON-BREAKING HYPHEN}", "-")
    assert finding.state == state
    assert sentence == f"From head to stem, gradients {text} at initialization."


@pytest.mark.parametrize(
    ("costs", "state", "text"),
    [
        (
            [0.004, 0.0],
            "stands out",
            "costs at most 0.4 points of test error: all 2 removable blocks are redundant by",
        ),
        ([-0.01, 0.0], "stands out", "costs nothing: all 2 removable blocks are redundant by"),
        (
            [0.2, 0.3],
            "nothing",
            "costs 20.0 to 30.0 points of test error: none of 2 removable blocks are redundant by",
        ),
        (
            [0.2],
            "nothing",
            "costs 20.0 points of test error: none of 1 removable block is redundant by",
        ),
    ],
)
def test_blocks(costs, state, text):
    layers = {f"stage1/block{i:02d}": cost for i, cost in enumerate(costs, start=1)}
    finding = deletion.find(made(deletion__error_increase=layers))
    assert finding == Finding(state, f"Taking out any one block {text} this measure.")


def test_field_and_filters_at_their_ends():
    fields = {"stem/conv": 3.0, "stage1/block01/conv1": 5.0}
    none = made(
        field__receptive_field={**fields, "": 5.0},
        field__convolutions=2.0,
        field__convolutions_past_border=0.0,
    )
    assert receptive_field.past_border(none).text == (
        "No convolution lies past the border: none reads the whole image (32 px)."
    )
    single = made(
        field__receptive_field={**fields, "": 5.0},
        field__convolutions=2.0,
        field__convolutions_past_border=1.0,
        field__border_layer={"stage1/block01/conv1": 2.0},
    )
    assert receptive_field.past_border(single) == Finding(
        "stands out",
        "From 1.1 conv1 on, 1 of 2 convolutions lies past the border: it sees nothing new, as "
        "the input already covers the whole image (32 px).",
    )
    assert layers.silent(made(rank__dead_share={"stage1/block01": 0.0})).text == (
        "Every filter fires for some image."
    )
    wasted = layers.silent(made(rank__dead_share={"stage1/block01": 0.0, "stage1/block02": 0.3}))
    assert wasted == Finding(
        "stands out", "On average over blocks 15.0% of filters never fire, at most 30.0%, in 1.2."
    )
    even = {f"stage1/block0{i}": value for i, value in enumerate((0.3, 0.29, 0.28, 0.27), start=1)}
    assert layers.silent(made(rank__dead_share=even)).text == (
        "On average over blocks 28.5% of filters never fire, at most 30.0%, in 1.1."
    )


def test_similarity_finds_the_longest_run():
    matrix = [
        [1, 0.95, 0.2, 0.2],
        [0.95, 1, 0.95, 0.91],
        [0.2, 0.95, 1, 0.95],
        [0.2, 0.91, 0.95, 1],
    ]
    assert longest_alike(matrix, made().metric("cka", "cka", per_layer=True)) == (1, 4)
    pairs = {"stage1/block01 ~ stage1/block02": 0.5}
    assert similarity.alike(made(cka__cka=pairs)).text == "No two blocks in a row are nearly alike."


def test_unmeasured_is_unsaid():
    empty = made()
    assert [check.find(empty) for check in findings.CHECKS] == [None] * 7
    lost = made(generalization__train_error=math.nan, generalization__test_error=0.5)
    assert fit.fit(lost) is None


@pytest.mark.parametrize(
    ("accuracies", "state", "text"),
    [
        ((0.5, 0.76, 0.61, 0.61), "stands out", "the 2 blocks after it lose 15.0 points."),
        ((0.5, 0.6, 0.76, 0.61), "stands out", "the block after it loses 15.0 points."),
        ((0.5, 0.6, 0.76, 0.755), "nothing", "the block after it adds less than 1 point."),
        ((0.5, 0.76, 0.75, 0.755), "stands out", "the 2 blocks after it add less than 1 point."),
        ((0.5, 0.6, 0.76), "nothing", "up to the last block, accuracy rises."),
    ],
)
def test_classes(accuracies, state, text):
    values = {f"stage1/block{i:02d}": value for i, value in enumerate(accuracies, start=1)}
    finding = layers.separation(made(linear__probe_accuracy=values))
    assert finding.state == state
    assert finding.text.endswith(f" accuracy: {text}")
