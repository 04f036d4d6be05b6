"""What is said of single blocks where they were only taken out with batch statistics anew."""

import dataclasses

import made_analysis
import pytest

from depthstudy.report.analysis import deletion
from depthstudy.report.sections.layers import layer_sentences
from depthstudy.report.tables import MeasuredNet

PROBE = "deletion_reestimated"


@pytest.fixture
def net() -> MeasuredNet:
    """A net of two blocks, one of them redundant, of which no other probe is known."""
    costs = {"stage1/block01": 0.004, "stage1/block02": 0.2}
    measured = made_analysis.made(deletion_reestimated__error_increase=costs)
    return dataclasses.replace(measured, metrics={PROBE: measured.metrics[PROBE]})


def test_redundant_blocks_are_counted(net: MeasuredNet) -> None:
    finding = deletion.find(net)
    assert finding is not None
    assert finding.state == "stands out"
    assert finding.text == (
        "Taking out any one block costs 0.4 to 20.0 points of test error: 1 of 2 removable blocks "
        "are redundant by this measure."
    )
    assert layer_sentences.blocks([net]) == (
        "At resnet, 1 of 2 removable blocks can be taken out for less than 1 point of test error."
    )


def test_the_rule_is_that_of_the_probe(net: MeasuredNet) -> None:
    assert deletion.CHECK.rule(net) == (
        "half of the removable blocks or more are redundant, that is, each costs less than 1 point"
    )


def test_a_refusal_is_that_of_the_probe(net: MeasuredNet) -> None:
    refused = made_analysis.made(
        **{f"{PROBE}__not_applicable: the net has no batch statistics": 1.0}
    )
    alone = dataclasses.replace(refused, metrics=net.metrics)
    assert layer_sentences.refusal([alone]) == "The net has no batch statistics."
