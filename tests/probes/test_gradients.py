"""Gradient norms: planted slopes, closed forms, and layers named as the net names them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset
from depthstudy.probes.backprop import gradient_norms, gradients
from depthstudy.probes.probe_input import NotApplicable, ProbeInput


def made(
    dataset: Dataset, make: Callable, family: str = "resnet", norm: str = "batch", **options: object
) -> ProbeInput:
    network = nets.Network(arch.build(family, depth=8, layout="cifar", norm=norm, width=4))
    variables = make(network.spec)
    return ProbeInput(network, variables, dataset, examples=64, batch_size=32, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("planted", [-3.0, 0.0, 1.5])
def test_slope_of_planted_norms(planted: float) -> None:
    ways = np.linspace(0, 1, 9)
    assert gradients.slope(ways.tolist(), (7 * 10 ** (planted * ways)).tolist()) == pytest.approx(
        planted
    )


def test_a_norm_of_zero_has_a_finite_slope() -> None:
    assert gradients.slope([0.0, 1.0], [1.0, 0.0]) == pytest.approx(math.log10(1.17549435e-38))


def test_norm_survives_squares_outside_float32() -> None:
    assert float(gradient_norms.norm(jnp.array([3e-30, 4e-30]))) == pytest.approx(5e-30, rel=1e-5)
    assert float(gradient_norms.norm(jnp.array([3e30, 4e30]))) == pytest.approx(5e30, rel=1e-5)
    assert float(gradient_norms.norm(jnp.zeros(3))) == 0


def test_ways_back_count_weight_layers() -> None:
    net = nets.build(arch.build("resnet", depth=8, layout="cifar"))
    ways = gradients.ways_back(net.layer_depths((8, 8, 1)))
    assert ways["head/dense"] == 0
    assert ways["stem/conv"] == 1
    assert ways["stage1/block01/conv1"] == pytest.approx(6 / 7)
    assert ways["stage1/block01"] == ways["stage1/block01/conv2"] == pytest.approx(5 / 7)
    order = [path for path in ways if "/conv" in path and path.count("/") == 2]
    assert order[:3] == [f"stage{i}/block01/conv{j}" for i, j in ((1, 1), (1, 2), (2, 1))]


def test_kernel_and_output_norms_against_plain_autodiff(digits: Dataset, make: Callable) -> None:
    """Without normalization the last block's output gradient has a closed form."""
    probe_input = made(digits, make, norm="none")
    batch = next(probe_input.batches(digits.train))
    result = gradient_norms.gradient_norms(
        probe_input.network, probe_input.task, ("stage3/block01",), probe_input.variables, batch
    )

    @jax.jit
    def loss(params: object) -> jax.Array:
        logits = probe_input.network.apply({"params": params}, batch.images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch.labels).mean()

    expected = jax.grad(loss)(probe_input.variables["params"])["stage2"]["block01"]["conv1"][
        "kernel"
    ]
    assert float(result.kernels["stage2/block01/conv1"]) == pytest.approx(
        float(jnp.linalg.norm(expected)), rel=1e-4
    )
    logits = jax.jit(probe_input.network.apply)(probe_input.variables, batch.images)
    errors = jax.nn.softmax(logits) - jax.nn.one_hot(batch.labels, 10)
    # The head averages over 2 x 2 pixels: each gets a quarter of the gradient.
    rows = errors @ probe_input.variables["params"]["head"]["dense"]["kernel"].T / 4
    rms = float(jnp.sqrt(jnp.mean(4 * jnp.sum(rows**2, axis=1))))
    assert float(result.outputs["stage3/block01"]) == pytest.approx(rms, rel=1e-4)


def test_images_that_fill_no_batch_count_as_others(digits: Dataset, make: Callable) -> None:
    probe_input = dataclasses.replace(made(digits, make, norm="none"), examples=40)
    network, task, variables = probe_input.network, probe_input.task, probe_input.variables
    whole, part = (
        gradient_norms.gradient_norms(network, task, (), variables, batch).kernels["stem/conv"]
        for batch in probe_input.batches(digits.train)
    )
    mean = gradient_norms.mean_norms(probe_input, variables).kernels["stem/conv"]
    assert float(mean) == pytest.approx((32 * float(whole) + 8 * float(part)) / 40, rel=1e-4)


@pytest.mark.parametrize(
    ("family", "norm"), [("plain", "batch"), ("plain", "none"), ("resnet", "batch")]
)
def test_every_layer_is_told(digits: Dataset, make: Callable, family: str, norm: str) -> None:
    probe_input = made(digits, make, family, norm)
    # Trained nowhere: both must agree.
    probe_input = dataclasses.replace(probe_input, initial=probe_input.variables)
    result = {(m.layer, m.metric): m.value for m in gradients.GRADIENTS.measure(probe_input)}
    assert np.all(np.isfinite(list(result.values())))
    kernels = [layer for layer, metric in result if metric == "gradient_norm"]
    assert kernels[0] == "stem/conv"
    assert kernels[-1] == "head/dense"
    assert len(kernels) == 8
    outputs = [layer for layer, metric in result if metric == "output_gradient_norm"]
    assert outputs == ["stage1/block01", "stage2/block01", "stage3/block01"]
    for (layer, metric), value in result.items():
        if not metric.endswith("_initial"):
            assert result[layer, f"{metric}_initial"] == pytest.approx(value)
    weight = jnp.linalg.norm(probe_input.variables["params"]["stem"]["conv"]["kernel"])
    assert result["stem/conv", "gradient_to_weight"] == pytest.approx(
        result["stem/conv", "gradient_norm"] / float(weight), rel=1e-4
    )


def test_early_and_updates(digits: Dataset, make: Callable) -> None:
    probe_input = made(digits, make, norm="none")
    halved = jax.tree.map(lambda x: 0.5 * x, dict(probe_input.variables))
    probe_input = dataclasses.replace(probe_input, early=halved, rates={"_early": 0.2})
    result = {(m.layer, m.metric): m.value for m in gradients.GRADIENTS.measure(probe_input)}
    alone = dataclasses.replace(probe_input, variables=halved, early=None)
    before = {(m.layer, m.metric): m.value for m in gradients.GRADIENTS.measure(alone)}
    assert result["stem/conv", "gradient_norm_early"] == before["stem/conv", "gradient_norm"]
    assert result["", "gradient_norm_slope_early"] == before["", "gradient_norm_slope"]
    layers = [layer for layer, metric in result if metric == "update_to_weight_early"]
    assert len(layers) == 8
    for layer in layers:
        ratio = result[layer, "gradient_to_weight_early"]
        assert result[layer, "update_to_weight_early"] == pytest.approx(0.2 * ratio)
    assert not any(metric == "update_to_weight" for _, metric in result)  # no rate is known


def test_small_weights_make_gradients_vanish(digits: Dataset, make: Callable) -> None:
    probe_input = made(digits, make, "plain", "none")
    halved = jax.tree.map(lambda x: 0.25 * x, dict(probe_input.variables))
    probe_input = dataclasses.replace(probe_input, variables=halved)
    result = {(m.layer, m.metric): m.value for m in gradients.GRADIENTS.measure(probe_input)}
    assert result["", "output_gradient_norm_slope"] < -1.5


def test_gradients_that_are_not_finite_do_not_apply(digits: Dataset, make: Callable) -> None:
    probe_input = made(digits, make)
    broken = jax.tree.map(lambda x: x * jnp.nan, dict(probe_input.variables))
    probe_input = dataclasses.replace(probe_input, variables=broken)
    with pytest.raises(NotApplicable, match="finite"):
        list(gradients.GRADIENTS.measure(probe_input))


def test_too_small_a_start_vanishes_by_its_scale(digits: Dataset) -> None:
    """Orthogonal kernels of half the scale halve what they carry back; a block has two."""
    spec = arch.build(
        "plain", depth=26, layout="cifar", norm="none", activation="linear", width=4,
        init="delta_orthogonal", init_scale=0.5 / math.sqrt(2),
    )  # fmt: skip
    network = nets.Network(dataclasses.replace(spec, stages=spec.stages[:1]))
    variables = jax.jit(nets.init, static_argnums=(0, 2))(network, jax.random.key(0), (8, 8, 1))
    probe_input = ProbeInput(network, variables, digits, examples=64, batch_size=32)
    norms = gradient_norms.mean_norms(probe_input, variables).outputs
    carried = [float(norms[f"stage1/block0{block}"]) for block in (4, 3, 2, 1)]
    np.testing.assert_allclose(carried, carried[0] * 0.25 ** np.arange(4), rtol=1e-4)
