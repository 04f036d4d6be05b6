"""Sharpness: Hessians that are known."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.stats
from jax import flatten_util

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes import sharpness
from depthstudy.probes.probe_input import NotApplicable, ProbeInput


def test_eigenvalues_of_a_quadratic() -> None:
    """One in a tree of two leaves, with a double and negative eigenvalues."""
    expected = np.concatenate([[9.0, 5.0, 5.0, 2.0, 1.0], np.linspace(0.5, -7, 35)])
    basis = scipy.stats.ortho_group.rvs(40, random_state=0)
    matrix = jnp.asarray(basis * expected @ basis.T, jnp.float32)

    def loss(params: dict[str, jax.Array]) -> jax.Array:
        x, _ = flatten_util.ravel_pytree(params)
        return x @ matrix @ x / 2 + x.sum()

    params = {"a": jnp.ones((3, 4)), "b": jnp.ones(28)}
    product = jax.jit(lambda v: sharpness.hessian_product(loss, params, v))
    result = sharpness.top_eigenvalues(
        lambda v: np.asarray(product(v.astype(np.float32)), np.float64), 40, 5, tolerance=1e-7
    )
    np.testing.assert_allclose(result, expected[:5], rtol=1e-4)


def test_a_matrix_of_zeros_or_nan_does_not_apply() -> None:
    with pytest.raises(NotApplicable, match="broke down"):
        sharpness.top_eigenvalues(lambda v: 0 * v, 30, 5)
    with pytest.raises(NotApplicable, match="finite"):
        sharpness.top_eigenvalues(lambda v: np.nan * v, 30, 5)


def test_the_largest_is_that_of_the_whole_hessian(digits: Dataset, make: Callable) -> None:
    """A net of few parameters, on two batches, the second of them filled up."""
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", norm="none", width=1))
    variables = make(network.spec)
    probe_input = ProbeInput(network, variables, digits, examples=60, batch_size=40)
    result = [m.value for m in sharpness.SHARPNESS.measure(probe_input)]
    images, labels, weights = jax.tree.map(
        lambda *x: jnp.concatenate(x), *probe_input.batches(digits.train)
    )
    flat, unravel = flatten_util.ravel_pytree(variables["params"])

    def loss(flat: jax.Array) -> jax.Array:
        logits = network.apply({"params": unravel(flat)}, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return jnp.sum(weights * losses) / 60

    dense = np.linalg.eigvalsh(np.asarray(jax.jit(jax.hessian(loss))(flat), np.float64))[::-1]
    np.testing.assert_allclose(result, dense[:5], rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("family", ["plain", "resnet"])
def test_nets(digits: Dataset, make: Callable, family: str) -> None:
    network = nets.Network(arch.build(family, depth=8, layout="cifar", width=4))
    variables = make(network.spec)
    probe_input = ProbeInput(network, variables, digits, examples=64, batch_size=64)
    result = list(sharpness.SHARPNESS.measure(probe_input))
    assert [m.metric for m in result] == [f"hessian_eigenvalue_{i}" for i in range(1, 6)]
    values = [m.value for m in result]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0
