"""Scores of untrained nets against closed forms, and against the definition of their authors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import traverse_util

from depthstudy import arch, nets, probes
from depthstudy.data import Dataset
from depthstudy.probes import zero_cost


@pytest.fixture(scope="module")
def chain() -> tuple[nets.Net, nets.Variables]:
    spec = arch.build("staged", stages="conv_r3_c4_noskip", width=4)
    network = nets.build(spec)
    return network, nets.init(network, jax.random.key(0), (8, 8, 1))


def test_synflow_of_a_chain_is_its_output_times_its_layers(
    chain: tuple[nets.Net, nets.Variables],
) -> None:
    """The output is of degree one in each kernel, so each adds all of it (Euler; Tanaka 2020)."""
    network, variables = chain
    image = jnp.ones((1, 8, 8, 1))
    positive = {**variables, "params": jax.tree.map(jnp.abs, variables["params"])}
    output = float(jnp.sum(network.apply(positive, image)))
    assert float(zero_cost.synflow(network, variables, image)) == pytest.approx(5 * output)
    assert zero_cost.log10_synflow(network, variables, image) == pytest.approx(np.log10(5 * output))


def test_a_score_beyond_the_range_is_that_of_a_faint_image(
    chain: tuple[nets.Net, nets.Variables],
) -> None:
    network, variables = chain
    image = jnp.ones((1, 8, 8, 1))
    usual = zero_cost.log10_synflow(network, variables, image)
    params = traverse_util.flatten_dict(variables["params"])
    grown = {path: 1e9 * x if path[-1] == "kernel" else x for path, x in params.items()}
    large = {**variables, "params": traverse_util.unflatten_dict(grown)}
    score = zero_cost.log10_synflow(network, large, image)
    assert score == pytest.approx(usual + 5 * 9, abs=1e-3)


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_synflow_passes_by_what_normalizes_an_image(norm: str) -> None:
    options = {"depth": 8, "layout": "cifar", "width": 4}
    image = jnp.ones((1, 8, 8, 1))
    bare, normalized = (nets.build(arch.build("resnet", **options, norm=x)) for x in ("none", norm))
    variables = nets.init(normalized, jax.random.key(0), (8, 8, 1))
    kernels = traverse_util.flatten_dict(variables["params"])
    fresh = traverse_util.flatten_dict(nets.init(bare, jax.random.key(1), (8, 8, 1))["params"])
    same = {path: kernels.get(path, jnp.zeros_like(x)) for path, x in fresh.items()}
    expected = zero_cost.log10_synflow(bare, {"params": traverse_util.unflatten_dict(same)}, image)
    assert zero_cost.log10_synflow(normalized, variables, image) == expected
    doubled = {path: 2 * x if path[0] == "stem" else x for path, x in kernels.items()}
    twice = {"params": traverse_util.unflatten_dict(doubled)}
    score = zero_cost.log10_synflow(normalized, twice, image)
    assert score == pytest.approx(expected + np.log10(2), abs=1e-4)


def authors_score(gradients: np.ndarray) -> float:
    """Returns ``eval_score`` of Mellor et al.'s code, which takes all eigenvalues as real."""
    values, _ = np.linalg.eig(np.corrcoef(gradients))
    k = 1e-5
    return float(-np.sum(np.log(values.real + k) + 1.0 / (values.real + k)))


def test_covariance_of_gradients_is_that_of_its_authors() -> None:
    gradients = np.random.default_rng(0).normal(size=(6, 40))
    assert zero_cost.jacobian_covariance(gradients) == pytest.approx(authors_score(gradients))
    alike = np.repeat(gradients[:1], 2, axis=0)  # eigenvalues 2 and 0
    expected = -(np.log(2 + 1e-5) + 1 / (2 + 1e-5) + np.log(1e-5) + 1e5)
    assert zero_cost.jacobian_covariance(alike) == pytest.approx(expected, rel=1e-6)


def test_all_scores_are_measured_at_the_start_alone(
    chain: tuple[nets.Net, nets.Variables], digits: Dataset
) -> None:
    network, variables = chain
    given = probes.ProbeInput(network, variables, digits, initial=variables, examples=64)
    scores = {m.metric: m.value for _, m in probes.measure(given, ["zero_cost"])}
    assert set(scores) == {metric.name for metric in probes.PROBES["zero_cost"].metrics}
    assert scores["total_gradient_norm"] > 0
    unknown = probes.ProbeInput(network, variables, digits, examples=64)
    ((_, row),) = probes.measure(unknown, ["zero_cost"])
    assert row.metric == "not_applicable: the start of the net is not known"
