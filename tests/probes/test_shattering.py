"""Shattering: signals whose correlation is known, and nets of every kind."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.nets import surgery
from depthstudy.probes.backprop import shattering
from depthstudy.probes.probe_input import NotApplicable, ProbeInput


def test_a_linear_function_has_correlation_one() -> None:
    gradient = np.random.default_rng(0).normal(size=50)
    correlations = shattering.lag_correlations(np.tile(gradient, (2, 32, 1)))
    np.testing.assert_allclose(correlations, 1)
    assert shattering.correlation_length(correlations) == 1
    assert shattering.white_noise_share(correlations) == pytest.approx(0)


def test_white_noise_has_correlation_zero() -> None:
    lines = np.random.default_rng(0).normal(size=(8, 32, 2_000))
    correlations = shattering.lag_correlations(lines)
    np.testing.assert_allclose(correlations[1:20], 0, atol=5e-3)
    assert shattering.correlation_length(correlations) == pytest.approx(
        (1 - np.exp(-1)) / 31, abs=1e-3
    )
    assert shattering.white_noise_share(correlations) == pytest.approx(1, abs=1e-2)


def test_brownian_motion_has_the_correlation_of_theory() -> None:
    """Of steps t and t + 1 it is sqrt(t / (t + 1))."""
    steps = np.random.default_rng(0).normal(size=(4, 32, 20_000))
    correlations = shattering.lag_correlations(np.cumsum(steps, axis=1))
    t = np.arange(1, 32)
    assert correlations[1] == pytest.approx(np.mean(np.sqrt(t / (t + 1))), abs=5e-3)
    assert shattering.white_noise_share(correlations) < 0.03


def test_white_noise_share_of_a_mixture() -> None:
    random = np.random.default_rng(0)
    smooth = np.repeat(random.normal(size=(4, 1, 20_000)), 32, axis=1)
    lines = np.sqrt(0.7) * smooth + np.sqrt(0.3) * random.normal(size=smooth.shape)
    share = shattering.white_noise_share(shattering.lag_correlations(lines))
    assert share == pytest.approx(0.3, abs=0.01)


def test_correlation_length_by_hand() -> None:
    e = np.exp(-1)
    assert shattering.correlation_length(np.array([1, e + 0.1, e - 0.1, 0, 0])) == pytest.approx(
        1.5 / 4
    )


def test_points_without_gradient_are_left_out() -> None:
    lines = np.ones((1, 4, 3))
    lines[0, 1] = 0
    np.testing.assert_allclose(shattering.lag_correlations(lines), 1)
    with pytest.raises(NotApplicable, match="0"):
        shattering.lag_correlations(0 * lines)
    with pytest.raises(NotApplicable, match="finite"):
        shattering.lag_correlations(np.nan * lines)


@pytest.mark.parametrize(("family", "norm"), [("plain", "none"), ("resnet", "batch")])
def test_nets(digits: Dataset, make: Callable, family: str, norm: str) -> None:
    network = nets.Network(arch.build(family, depth=8, layout="cifar", norm=norm, width=4))
    variables = make(network.spec)
    probe_input = ProbeInput(network, variables, digits, initial=variables, batch_size=32)
    result = {m.metric: m.value for m in shattering.SHATTERING.measure(probe_input)}
    assert len(result) == 6
    assert np.all(np.isfinite(list(result.values())))
    assert 0.5 < result["gradient_correlation_initial"] < 1


def test_calibrated_statistics_are_those_of_the_batch(digits: Dataset, make: Callable) -> None:
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", width=4))
    variables = make(network.spec)
    images = next(
        ProbeInput(network, variables, digits, batch_size=32).batches(digits.train)
    ).images
    result = surgery.recalibrate_batch_norm(network, variables, [images])
    outputs = jax.jit(nets.outputs, static_argnums=(0, 3))
    _, named = outputs(network, variables, images, "stem/conv")
    statistics = result["batch_stats"]["stem"]["norm"]
    np.testing.assert_allclose(statistics["mean"], named["stem/conv"].mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(statistics["var"], named["stem/conv"].var((0, 1, 2)), rtol=1e-4)

    @jax.jit
    def in_train_mode(images: jax.Array) -> jax.Array:
        return network.apply(variables, images, train=True, mutable=["batch_stats"])[0]

    logits = jax.jit(network.apply)(result, images)
    np.testing.assert_allclose(logits, in_train_mode(images), atol=1e-4)
    assert jnp.array_equal(
        result["params"]["head"]["dense"]["kernel"], variables["params"]["head"]["dense"]["kernel"]
    )
