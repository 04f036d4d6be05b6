"""Ranks of known spectra, saturation of planted covariances, moments against NumPy."""

import dataclasses
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes import NotApplicable, ProbeInput
from depthstudy.probes.representation import moments, rank


def test_effective_rank_of_known_spectra() -> None:
    assert rank.effective_rank(np.ones(7)) == pytest.approx(7)
    assert rank.effective_rank(np.array([3.0, 0, 0])) == pytest.approx(1)
    assert rank.effective_rank(np.zeros(3)) == 0
    halves = np.array([2.0, 1.0, 1.0])  # entropy of (1/2, 1/4, 1/4) is 1.5 bits
    assert rank.effective_rank(halves) == pytest.approx(2**1.5)
    assert rank.effective_rank(1e-30 * halves) == pytest.approx(2**1.5)


def test_stable_rank_of_known_spectra() -> None:
    assert rank.stable_rank(np.ones(5)) == pytest.approx(5)
    assert rank.stable_rank(np.array([2.0, 1.0, 1.0])) == pytest.approx(1.5)
    assert rank.stable_rank(np.zeros(3)) == 0


def test_saturation_of_planted_variances() -> None:
    assert rank.saturation(np.ones(100)) == pytest.approx(0.99)
    assert rank.saturation(np.array([0, 0, 0, 5.0])) == pytest.approx(0.25)
    assert rank.saturation(np.array([0.6, 98.5, 0.9])) == pytest.approx(2 / 3)
    assert rank.saturation(np.zeros(4)) == 0


def test_saturation_of_planted_outputs() -> None:
    """Of 16 channels, three directions hold all the variance, turned and far from 0."""
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(16, 16)))[0][:3]
    x = (random.normal(size=(60, 2, 2, 3)) @ turn + 50).astype(np.float32)
    variances = moments.principal_variances(stream(x, 20))
    assert rank.saturation(variances) == pytest.approx(3 / 16)
    assert np.sum(variances > 0) == 3


def stream(x: np.ndarray, size: int) -> moments.Moments:
    total = None
    for start in range(0, len(x), size):
        part = x[start : start + size]
        fill = np.full((size - len(part), *x.shape[1:]), 1e6, x.dtype)
        weights = np.float32(np.arange(size) < len(part))
        result = moments.moments(jnp.concatenate([part, fill]), jnp.asarray(weights))
        exact = moments.Moments(*(np.asarray(y, np.float64) for y in result))
        total = exact if total is None else moments.combined(total, exact)
    assert total is not None
    return total


def test_streamed_moments_are_those_of_all_pixels() -> None:
    random = np.random.default_rng(1)
    x = (random.normal(size=(47, 3, 3, 5)) * [1, 2, 3, 4, 5] + 100).astype(np.float32)
    result = stream(x, 10)
    rows = x.reshape(-1, 5).astype(np.float64)
    assert result.total == len(rows)
    np.testing.assert_allclose(result.mean, rows.mean(0), rtol=1e-6)
    covariance = np.cov(rows.T, bias=True)
    np.testing.assert_allclose(result.scatter / result.total, covariance, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(result.lowest, rows.min(0))
    np.testing.assert_array_equal(result.highest, rows.max(0))


def test_a_channel_below_zero_is_not_silent() -> None:
    x = np.random.default_rng(0).uniform(-2, -1, (20, 2, 2, 4)).astype(np.float32)
    x[..., 1] = 0
    x[..., 2] = np.maximum(x[..., 2] + 1.5, 0)
    x[..., 3] = np.minimum(x[..., 3] + 1.5, 0)
    assert stream(x, 6).is_silent.tolist() == [False, True, False, False]


def test_a_constant_layer_has_rank_0() -> None:
    variances = moments.principal_variances(stream(np.full((30, 2, 2, 4), 0.1, np.float32), 10))
    assert not variances.any()


def test_singular_values_of_a_kernel() -> None:
    random = np.random.default_rng(2)
    left = np.linalg.qr(random.normal(size=(18, 4)))[0]
    right = np.linalg.qr(random.normal(size=(4, 4)))[0]
    kernel = ((left * [4.0, 3, 2, 1]) @ right).reshape(3, 3, 2, 4)
    np.testing.assert_allclose(rank.singular_values(kernel), [4, 3, 2, 1])


@pytest.fixture(scope="module")
def probe_input(digits: Dataset, make: Callable) -> ProbeInput:
    network = nets.Network(arch.build("plain", depth=8, layout="cifar", width=8))
    variables = make(network.spec)
    return ProbeInput(network, variables, digits, examples=130, batch_size=50)


def test_layers_and_weights_of_a_net(probe_input: ProbeInput) -> None:
    result = {(m.layer, m.metric): m.value for m in rank.RANK.measure(probe_input)}
    layers = [f"stage{i}/block01" for i in (1, 2, 3)]
    for layer, channels in zip(layers, (8, 16, 32), strict=True):
        assert 0 < result[layer, "saturation"] <= 1
        stable, effective = result[layer, "stable_rank"], result[layer, "effective_rank"]
        assert 1 <= stable <= effective <= channels
        assert 0 <= result[layer, "dead_share"] < 1
    kernels = ["stem/conv", *(f"{layer}/conv{i}" for layer in layers for i in (1, 2)), "head/dense"]
    assert [layer for layer, metric in result if metric == "weight_stable_rank"] == kernels
    kernel = np.asarray(probe_input.variables["params"]["head"]["dense"]["kernel"], np.float64)
    expected = np.linalg.norm(kernel) ** 2 / np.linalg.norm(kernel, 2) ** 2
    assert result["head/dense", "weight_stable_rank"] == pytest.approx(expected)
    shares = np.linalg.svd(kernel, compute_uv=False)
    shares /= shares.sum()
    expected = math.exp(-np.sum(shares * np.log(shares)))
    assert result["head/dense", "weight_effective_rank"] == pytest.approx(expected)


def test_filters_that_never_fire_are_counted(probe_input: ProbeInput) -> None:
    params = jax.tree.map(lambda x: x, probe_input.variables["params"])
    bias = params["stage2"]["block01"]["norm2"]["bias"]
    before = {m.layer: m.value for m in rank.RANK.measure(probe_input) if m.metric == "dead_share"}
    params["stage2"]["block01"]["norm2"]["bias"] = bias.at[:4].set(-1e6)
    killed = dataclasses.replace(probe_input, variables={**probe_input.variables, "params": params})
    after = {m.layer: m.value for m in rank.RANK.measure(killed) if m.metric == "dead_share"}
    assert before["stage2/block01"] == 0
    assert after["stage2/block01"] == pytest.approx(4 / 16)


def test_broken_nets_say_so(probe_input: ProbeInput) -> None:
    broken = jax.tree.map(lambda x: x * jnp.nan, probe_input.variables)
    with pytest.raises(NotApplicable, match="stage1/block01 are not finite"):
        list(rank.RANK.measure(dataclasses.replace(probe_input, variables=broken)))
