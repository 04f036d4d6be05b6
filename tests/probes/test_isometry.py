"""Isometry: spectra that are known, and Jacobians against those of jax.jacrev."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes.backprop import isometry
from depthstudy.probes.probe_input import NotApplicable, ProbeInput


@pytest.mark.parametrize("outputs", [4, 23])
def test_singular_values_of_a_known_linear_net(outputs: int) -> None:
    expected = np.geomspace(10, 0.01, outputs)
    left = scipy.stats.ortho_group.rvs(outputs, random_state=0)
    right = scipy.stats.ortho_group.rvs(64, random_state=1)[:outputs]
    matrix = jnp.asarray(left * expected @ right, jnp.float32)

    def linear(images: jax.Array) -> jax.Array:
        return images.reshape(len(images), -1) @ matrix.T

    rows = functools.partial(isometry.products, linear, jnp.ones((3, 8, 8, 1)))
    result = isometry.jacobians(rows, outputs)
    assert result.shape == (3, outputs, 64)
    for jacobian in result:
        np.testing.assert_allclose(isometry.singular_values(jacobian), expected, rtol=1e-4)


def test_singular_values_of_many_columns_and_of_few() -> None:
    jacobian = np.random.default_rng(0).normal(size=(3, 2**16 + 5)).astype(np.float32)
    expected = np.linalg.svd(jacobian.astype(np.float64), compute_uv=False)
    np.testing.assert_allclose(isometry.singular_values(jacobian), expected, rtol=1e-6)
    np.testing.assert_allclose(isometry.singular_values(np.ones((3, 1), np.float32)), [3**0.5])


def test_summary_by_hand() -> None:
    result = isometry.summary(np.array([3.0, 1.0]))
    assert result == {
        "singular_value_mean": 2,
        "singular_value_max": 3,
        "singular_value_min": 1,
        "log10_condition": pytest.approx(np.log10(3)),
        "isometry_distance": pytest.approx(0.25),
    }
    assert isometry.summary(np.full(5, 7.0))["isometry_distance"] == 0
    assert isometry.summary(np.array([1.0, 0.0]))["log10_condition"] == pytest.approx(
        6.92, abs=0.01
    )


@pytest.mark.parametrize(("family", "norm"), [("plain", "none"), ("resnet", "batch")])
def test_nets(digits: Dataset, make: Callable, family: str, norm: str) -> None:
    network = nets.Network(arch.build(family, depth=8, layout="cifar", norm=norm, width=4))
    variables = make(network.spec)
    probe_input = ProbeInput(network, variables, digits, initial=variables, batch_size=32)
    measured = {m.metric: m.value for m in isometry.ISOMETRY.measure(probe_input)}
    images = next(probe_input.batches(digits.train)).images[:16]

    @jax.jit
    def one(image: jax.Array) -> jax.Array:
        return jnp.asarray(network.apply(variables, image[None]))[0]

    spectra = [np.linalg.svd(jax.jacrev(one)(x).reshape(10, -1), compute_uv=False) for x in images]
    assert measured["singular_value_max"] == pytest.approx(
        np.mean([s[0] for s in spectra]), rel=1e-3
    )
    assert measured["singular_value_min"] == pytest.approx(
        np.mean([s[-1] for s in spectra]), rel=1e-3
    )
    assert len(measured) == 10
    assert np.all(np.isfinite(list(measured.values())))


def test_a_dead_net_does_not_apply(digits: Dataset, make: Callable) -> None:
    network = nets.Network(arch.build("plain", depth=8, layout="cifar", norm="none", width=4))
    variables = make(network.spec)
    dead = jax.tree.map(lambda x: 0 * x, dict(variables))
    with pytest.raises(NotApplicable, match="0"):
        list(isometry.ISOMETRY.measure(ProbeInput(network, dead, digits)))
    with pytest.raises(NotApplicable, match="finite"):
        isometry.singular_values(np.full((2, 3), np.inf))
