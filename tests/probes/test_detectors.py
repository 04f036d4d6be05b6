"""Every probe measures a detector, or says why it cannot."""

import dataclasses

import jax
import numpy as np
import pytest
from squares import squares

from depthstudy import arch, nets, probes
from depthstudy.config import DataConfig

pytestmark = pytest.mark.slow

SLOW = ("sharpness", "underflow", "generalization")
CANNOT = {
    "generalization": "counts images",
    "memorization": "counts images",
    "deletion_reestimated": "needs a classifier",
    "linear": "counts images",
    "density": "no weight is zero",
    "shattering": "one row of logits",
    "zero_cost": "needs a classifier",
    "isometry": "one row of logits",
}


@pytest.fixture(scope="module")
def probe_input() -> probes.ProbeInput:
    dataset = squares(DataConfig(name="squares", validation=0.0))
    spec = arch.build(
        "detector", depth=8, layout="cifar", width=4, channels=8, cells=2, num_classes=2
    )
    network = nets.build(spec)
    variables = nets.init(network, jax.random.key(0), (32, 32, 1))
    return probes.ProbeInput(
        network, variables, dataset, initial=variables, examples=24, batch_size=8
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in probes.PROBES],
)
def test_it_applies_or_says_why_not(name: str, probe_input: probes.ProbeInput) -> None:
    measurements = [measurement for _, measurement in probes.measure(probe_input, [name])]
    assert measurements
    refusals = [
        m.metric for m in measurements if m.metric.startswith("not_applicable") and not m.layer
    ]
    if name in CANNOT:
        assert len(refusals) == len(measurements) == 1
        assert CANNOT[name] in refusals[0]
    else:
        assert not refusals
        assert all(np.isfinite(m.value) for m in measurements)


def test_gradients_are_seen_in_pyramid_and_heads(probe_input: probes.ProbeInput) -> None:
    measurements = [m for _, m in probes.measure(probe_input, ["gradients"])]
    kernels = {m.layer for m in measurements if m.metric == "gradient_norm"}
    assert {"stem/conv", "pyramid/cell02/node04/conv2", "box_head/predict/conv2"} <= kernels
    outputs = {m.layer for m in measurements if m.metric == "output_gradient_norm"}
    assert {"stage1/block01", "pyramid/cell01/node01", "pyramid/cell02/node04"} <= outputs


def test_a_cell_that_does_nothing_is_worth_nothing(probe_input: probes.ProbeInput) -> None:
    measurements = [m for _, m in probes.measure(probe_input, ["deletion"])]
    worth = {m.layer: m.value for m in measurements if m.metric == "error_increase"}
    assert "pyramid/cell02" in worth
    assert "pyramid/cell01" not in worth


def test_fields_are_compared_with_objects(probe_input: probes.ProbeInput) -> None:
    values = {(m.layer, m.metric): m.value for _, m in probes.measure(probe_input, ["field"])}
    fields = [values[f"p{level}", "receptive_field"] for level in (2, 3, 4)]
    assert fields == sorted(fields)
    # Half of the objects are 8 pixels wide and half of them 16: their median is between.
    assert values["", "median_object_size"] == pytest.approx(12, abs=4)


def test_blocks_that_end_in_silu_are_taken_out_of_the_backbone(
    probe_input: probes.ProbeInput,
) -> None:
    made = arch.build(
        "detector", depth=14, layout="cifar", width=4, channels=8, num_classes=2, activation="silu"
    )
    lone = made.backbone.stages[0][:1]
    backbone = dataclasses.replace(made.backbone, stages=(lone, *made.backbone.stages[1:]))
    network = nets.build(dataclasses.replace(made, backbone=backbone))
    variables = nets.init(network, jax.random.key(0), (32, 32, 1))
    changed = dataclasses.replace(probe_input, network=network, variables=variables, initial=None)
    metrics = {m.layer: m.metric for _, m in probes.measure(changed, ["deletion"]) if m.layer}
    assert metrics == {
        "stage1/block01": "not_applicable: it is the only block of its stage",
        "stage2/block02": "error_increase",
        "stage3/block02": "error_increase",
    }
