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
    result, vectors = sharpness.top_eigenpairs(
        lambda v: np.asarray(product(v.astype(np.float32)), np.float64), 40, 5, tolerance=1e-7
    )
    np.testing.assert_allclose(result, expected[:5], rtol=1e-4)
    np.testing.assert_allclose(matrix @ vectors, vectors * expected[:5], atol=1e-2)


def test_a_matrix_of_zeros_or_nan_does_not_apply() -> None:
    with pytest.raises(NotApplicable, match="broke down"):
        sharpness.top_eigenpairs(lambda v: 0 * v, 30, 5)
    with pytest.raises(NotApplicable, match="finite"):
        sharpness.top_eigenpairs(lambda v: np.nan * v, 30, 5)


@pytest.fixture(scope="module")
def small(digits: Dataset, make: Callable) -> ProbeInput:
    """A net of few parameters, on two batches, the second of them filled up."""
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", norm="none", width=1))
    return ProbeInput(network, make(network.spec), digits, examples=60, batch_size=40)


@pytest.fixture(scope="module")
def dense(small: ProbeInput) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the eigenvalues of the whole Hessian, from the weights of the examples."""
    images, labels, counted = jax.tree.map(
        lambda *x: jnp.concatenate(x), *small.batches(small.dataset.train)
    )
    flat, unravel = flatten_util.ravel_pytree(small.variables["params"])

    def loss(flat: jax.Array, weights: jax.Array) -> jax.Array:
        logits = small.network.apply({"params": unravel(flat)}, images)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return jnp.sum(counted * weights * losses) / 60

    hessian = jax.jit(jax.hessian(loss))

    def eigenvalues(weights: np.ndarray) -> np.ndarray:
        filled = np.resize(weights, len(images))
        return np.linalg.eigvalsh(np.asarray(hessian(flat, filled), np.float64))[::-1]

    return eigenvalues


def test_the_largest_is_that_of_the_whole_hessian(small: ProbeInput, dense: Callable) -> None:
    result = [m.value for m in sharpness.SHARPNESS.measure(small)]
    np.testing.assert_allclose(result, dense(np.ones(60))[:5], rtol=1e-2, atol=1e-4)


def test_the_numbers_of_an_image_are_its_influence(small: ProbeInput, dense: Callable) -> None:
    """What the largest eigenvalue changes by where an image counts more, and where less."""
    largest = next(iter(sharpness.SHARPNESS.measure(small)))
    assert largest.sample is not None
    (numbers,) = largest.sample.groups
    assert numbers.shape == (60, 5)
    for image in np.argsort(-np.abs(numbers[:, 0]))[:3]:
        change = 0.2 * np.eye(60)[image]
        slope = (dense(np.ones(60) + change)[0] - dense(np.ones(60) - change)[0]) / 0.4
        assert numbers[image, 0] / 60 == pytest.approx(slope, rel=0.05)


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
