"""Probes on a user's own Flax modules: with batch norm, without, and with dropout."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets, probes, records
from depthstudy.data import Dataset
from depthstudy.probes.backprop import gradient_norms
from depthstudy.probes.measurement import Measurement
from depthstudy.probes.probe_input import ProbeInput

pytestmark = pytest.mark.slow

NEEDS_A_VALUE = {"deletion", "deletion_reestimated", "field"}
OPTIONS = {"NormedNet": (("depth", 2),), "BareNet": (), "DroppingNet": (("rate", 0.5),)}
Measured = dict[str, dict[str, list[Measurement]]]


def made(name: str, digits: Dataset) -> ProbeInput:
    net = nets.build(
        arch.ModuleSpec(module=f"user_modules:{name}", options=OPTIONS[name], num_classes=10)
    )
    variables = nets.init(net, jax.random.key(0), digits.image_shape)
    return ProbeInput(net, variables, digits, initial=variables, examples=64, batch_size=32)


@pytest.fixture(scope="module")
def measured(digits: Dataset) -> Measured:
    measurements: Measured = {}
    for name in OPTIONS:
        measurements[name] = {probe: [] for probe in probes.PROBES}
        for probe, measurement in probes.measure(made(name, digits)):
            measurements[name][probe].append(measurement)
    return measurements


def reasons(measurements: list[Measurement]) -> list[str]:
    return [
        measurement.metric.removeprefix(records.NOT_APPLICABLE)
        for measurement in measurements
        if measurement.metric.startswith(records.NOT_APPLICABLE)
    ]


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("probe", sorted(set(probes.PROBES) - NEEDS_A_VALUE))
def test_what_needs_no_value_is_measured(name: str, probe: str, measured: Measured) -> None:
    expected = {"memorization": "no train label is wrong", "density": "no weight is zero"}
    if name == "BareNet":
        expected["underflow"] = "does not compute in float16"
    measurements = measured[name][probe]
    if probe in expected:
        assert len(measurements) == 1
        assert expected[probe] in reasons(measurements)[0]
    else:
        assert not reasons(measurements)
        assert all(np.isfinite(measurement.value) for measurement in measurements)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("probe", sorted(NEEDS_A_VALUE))
def test_the_others_say_what_they_need(name: str, probe: str, measured: Measured) -> None:
    (reason,) = reasons(measured[name][probe])
    assert "needs an architecture value" in reason


def test_blocks_are_the_submodules_in_the_order_of_calls(measured: Measured) -> None:
    layers = [m.layer for m in measured["NormedNet"]["linear"]]
    assert layers == ["first", "ResidualBlock_0", "ResidualBlock_1", "last"]
    layers = [m.layer for m in measured["BareNet"]["linear"]]
    assert layers == ["body/layers_0", "body/layers_1", "body/layers_3"]


def test_gradients_of_every_kernel_and_block(measured: Measured) -> None:
    rows = measured["NormedNet"]["gradients"]
    kernels = {m.layer for m in rows if m.metric == "gradient_norm"}
    blocks = [f"ResidualBlock_{i}/Conv_{j}" for i in (0, 1) for j in (0, 1)]
    assert kernels == {"first", "last", *blocks}
    outputs = [m.layer for m in rows if m.metric == "output_gradient_norm"]
    assert outputs == ["first", "ResidualBlock_0", "ResidualBlock_1", "last"]
    assert {"gradient_norm_slope", "output_gradient_norm_slope"} <= {m.metric for m in rows}


def test_the_gradient_of_the_logits_has_a_closed_form(digits: Dataset) -> None:
    """Of cross-entropy it is the softmax less the label, for each example."""
    probe_input = made("BareNet", digits)
    batch = next(probe_input.batches(digits.train))
    norms = gradient_norms.gradient_norms(
        probe_input.network,
        probe_input.task,
        probe_input.layer_names,
        probe_input.variables,
        batch,
    )
    logits = probe_input.network.apply(probe_input.variables, batch.images)
    gradient = jax.nn.softmax(logits) - jax.nn.one_hot(batch.labels, 10)
    expected = jnp.sqrt(jnp.mean(jnp.sum(gradient**2, axis=-1)))
    assert float(norms.outputs["body/layers_3"]) == pytest.approx(float(expected), rel=1e-4)


def test_layers_inside_blocks_are_chosen_by_a_pattern(digits: Dataset) -> None:
    probe_input = made("NormedNet", digits)
    inside = dataclasses.replace(probe_input, layers="ResidualBlock_?/Conv_?,last")
    assert inside.layer_names == (
        *(f"ResidualBlock_{i}/Conv_{j}" for i in (0, 1) for j in (0, 1)),
        "last",
    )
