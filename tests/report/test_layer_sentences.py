import dataclasses

import made_analysis

from depthstudy.report import tables
from depthstudy.report.probes import chart_through
from depthstudy.report.sections.layers import layer_sentences as sentences


def test_a_net_without_the_measurement_has_nothing_to_say():
    run = made_analysis.made(generalization__test_error=0.1)
    for say in (
        sentences.gradients,
        sentences.underflow,
        sentences.separation,
        sentences.saturation,
        sentences.alike,
        sentences.blocks,
        sentences.border,
        sentences.refusal,
    ):
        assert say([run]) == ""


def test_accuracy_that_falls_is_said_to():
    accuracies = {
        f"stage1/block{i:02d}": value for i, value in enumerate((0.5, 0.76, 0.27), start=1)
    }
    run = made_analysis.made(linear__probe_accuracy=accuracies)
    assert sentences.separation([run]) == (
        "At resnet, accuracy reaches 76.0% on the way and is 27.0% after the last block."
    )


def test_equal_changes_are_told_once():
    def net(initial, early, end):
        return made_analysis.made(
            gradients__gradient_norm_slope_initial=initial,
            gradients__gradient_norm_slope_early=early,
            gradients__gradient_norm_slope=end,
        )

    deep = dataclasses.replace(net(0.0, 0.01, 1.0), label="depth 56")
    assert isinstance(deep, tables.MeasuredNet)
    assert sentences.gradients([deep]) == (
        "At depth 56, gradients on the way back to the first layer keep their size before training "
        "and early on and grow 10‑fold at the end."
    )


def test_what_float16_loses_is_told_and_drawn():
    layers_of = {"stem/conv": 0.2, "stage1/block01/conv1": 0.5}
    run = made_analysis.made(
        underflow__underflow_initial=layers_of | {"": 0.25},
        underflow__underflow_scaled_initial={"": 0.01},
        underflow__underflow=layers_of | {"": 0.75},
        underflow__underflow_scaled={"": 0.125},
    )
    assert sentences.underflow([run]) == (
        "At resnet, 25.0% before training (1.0% with loss scaling) and 75.0% at the end (12.5% "
        "with loss scaling) of the numbers in its gradients are too small for float16."
    )
    (panel,) = chart_through([run], "underflow", "underflow", ("_initial", ""))
    assert len(panel.values) == 4
