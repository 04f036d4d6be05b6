"""Linear probes against normal equations, and on layers of a net."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes import NotApplicable, ProbeInput
from depthstudy.probes.representation import linear


def test_ridge_solves_its_normal_equations() -> None:
    random = np.random.default_rng(0)
    centers = random.normal(size=(4, 6))
    labels = random.integers(0, 4, size=200)
    x = centers[labels] + random.normal(size=(200, 6)) * 1.5 + 7
    scaled = (x - x[:120].mean(0)) / x[:120].std(0)
    train, test = scaled[:120], scaled[120:]
    targets = np.where(np.eye(4)[labels[:120]] > 0, 1.0, -1.0)
    offset = targets.mean(0)
    solution = np.linalg.solve(train.T @ train + 3.0 * np.eye(6), train.T @ (targets - offset))
    expected = np.mean(np.argmax(test @ solution + offset, axis=1) == labels[120:])
    result = linear.probe_accuracy((x[:120], labels[:120]), (x[120:], labels[120:]), strength=3.0)
    assert result == pytest.approx(expected)
    assert 0.4 < result < 1


def test_separable_and_useless_features() -> None:
    labels = np.arange(100) % 5
    separable = np.eye(5)[labels]
    assert linear.probe_accuracy((separable, labels), (separable, labels)) == 1.0
    constant = np.ones((100, 3))
    assert linear.probe_accuracy((constant, labels), (constant, labels)) == pytest.approx(0.2)


@pytest.fixture(scope="module")
def probe_input(digits: Dataset, make: Callable) -> ProbeInput:
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", width=8))
    variables = make(network.spec)
    return ProbeInput(network, variables, digits, examples=330, batch_size=100)


def test_layers_of_a_net(probe_input: ProbeInput) -> None:
    result = list(linear.LINEAR.measure(probe_input))
    assert [m.layer for m in result] == ["stage1/block01", "stage2/block01", "stage3/block01"]
    assert {m.metric for m in result} == {"probe_accuracy"}
    assert all(0.2 < m.value <= 1 for m in result)  # random features tell digits above chance


def test_features_are_mean_pixels_of_counted_examples(probe_input: ProbeInput) -> None:
    pooled, labels = linear.pooled_features(probe_input, probe_input.dataset.test)
    assert labels.shape == (330,)
    batches = list(probe_input.batches(probe_input.dataset.test))
    images = jnp.concatenate([b.images for b in batches])[:330]
    _, named = jax.jit(nets.outputs, static_argnums=(0, 3))(
        probe_input.network, probe_input.variables, images, "stage2/block01"
    )
    expected = named["stage2/block01"].mean((1, 2))
    np.testing.assert_allclose(pooled["stage2/block01"], expected, atol=1e-5)


def test_broken_nets_say_so(probe_input: ProbeInput) -> None:
    broken = jax.tree.map(lambda x: x * jnp.nan, probe_input.variables)
    with pytest.raises(NotApplicable, match="stage1/block01 are not finite"):
        list(linear.LINEAR.measure(dataclasses.replace(probe_input, variables=broken)))
