"""What probes say of a net that is not finite, alone, beside its start, and beside another net."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets, probes
from depthstudy.data import Dataset


@pytest.fixture(scope="module")
def broken(digits: Dataset, make: Callable) -> probes.ProbeInput:
    """A net whose training diverged, and its start."""
    network = nets.build(arch.build("resnet", depth=8, layout="cifar", width=4))
    initial = make(network.spec)
    variables = jax.tree.map(lambda x: x * jnp.nan, dict(initial))
    return probes.ProbeInput(
        network, variables, digits, initial=initial, examples=20, batch_size=20
    )


@pytest.mark.parametrize("name", ["gradients", "underflow", "isometry", "shattering"])
def test_its_start_is_measured_all_the_same(broken: probes.ProbeInput, name: str) -> None:
    *measured, (_, last) = probes.measure(broken, [name])
    assert measured
    assert all("_initial" in measurement.metric for _, measurement in measured)
    assert np.isfinite([measurement.value for _, measurement in measured]).all()
    assert last.metric.startswith("not_applicable: ")
    assert last.metric.endswith(("not finite", "not finite in float32"))


@pytest.mark.parametrize("name", ["generalization", "deletion", "deletion_reestimated"])
def test_no_error_is_told_and_no_block_is_redundant(broken: probes.ProbeInput, name: str) -> None:
    ((_, only),) = probes.measure(broken, [name])
    assert only.metric == "not_applicable: the net is not finite"


def test_it_is_not_compared_with_another(broken: probes.ProbeInput) -> None:
    assert broken.initial is not None
    start = dataclasses.replace(broken, variables=broken.initial)
    (only,) = probes.measure_between(start, broken)
    assert only.layer == ""
    assert only.metric.startswith("not_applicable: outputs of stage1/block01 are not finite")


def test_nets_are_not_compared_on_a_few_images(broken: probes.ProbeInput) -> None:
    assert broken.initial is not None
    few = dataclasses.replace(broken, variables=broken.initial, examples=3)
    (only,) = probes.measure_between(few, few)
    assert only.metric.startswith("not_applicable: 3 of 20 images")


def test_a_score_without_a_number_leaves_the_others(
    broken: probes.ProbeInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depthstudy.probes.zero_cost.log10_synflow", lambda *_: np.nan)
    measured = [measurement for _, measurement in probes.measure(broken, ["zero_cost"])]
    assert [measurement.metric for measurement in measured] == [
        "jacobian_covariance",
        "total_gradient_norm",
        "not_applicable: not finite: log10_synflow",
    ]
