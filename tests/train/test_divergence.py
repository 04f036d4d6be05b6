"""A net that is not finite is said to have diverged, also where its loss does not show it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset, batch_at
from depthstudy.train.steps import optimizer, step

IMAGES = np.random.default_rng(0).normal(size=(8, 32, 32, 3)).astype(np.float32)
ON_CPU = pytest.mark.skipif(jax.default_backend() != "cpu", reason="of XLA's compiler for CPUs")


def broken(params: Any) -> Any:
    params = jax.tree.map(lambda x: x, params)
    kernel = params["stage2"]["block01"]["conv1"]["kernel"]
    params["stage2"]["block01"]["conv1"]["kernel"] = jnp.full_like(kernel, jnp.nan)
    return params


@ON_CPU
def test_a_rectifier_in_one_loop_with_a_sum_hides_nan() -> None:
    """Alone it does not, nor where nothing is compiled together."""

    def mean(x: jax.Array) -> jax.Array:
        return jnp.mean(jax.nn.relu(x * jnp.nan), axis=(1, 2))

    assert np.isnan(jax.jit(jax.nn.relu)(IMAGES * np.nan)).all()
    assert np.isnan(mean(IMAGES)).all()
    assert (np.asarray(jax.jit(mean)(IMAGES)) == 0).all()


@ON_CPU
def test_so_the_loss_of_a_broken_net_is_finite() -> None:
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", width=16))
    variables = jax.jit(lambda key: nets.init(network, key, (32, 32, 3)))(jax.random.key(0))

    def loss(params: Any) -> jax.Array:
        given = {**variables, "params": params}
        logits, _ = network.apply(given, IMAGES, train=True, mutable=["batch_stats"])
        return jnp.mean(jax.nn.logsumexp(logits, axis=-1) - logits[:, 0])

    assert not np.isfinite(loss(broken(variables["params"])))
    assert np.isfinite(jax.jit(loss)(broken(variables["params"])))


@pytest.mark.parametrize("fault", ["parameter", "rate"])
def test_a_step_that_leaves_what_is_not_finite_has_no_loss(digits: Dataset, fault: str) -> None:
    config = TrainConfig(learning_rate=0.05, schedule="constant")
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", width=4))
    transform = optimizer.optimizer(config)
    state = step.init_state(network, transform, digits.image_shape, key=jax.random.key(0))
    train_step = jax.jit(step.make_train_step(network, transform, digits, DataConfig(), config))
    batch = batch_at(digits, 0, batch_size=32)
    _, before = train_step(state, batch, jax.random.key(1), jnp.float32(0.05))
    assert np.isfinite(before.loss)
    rate = jnp.float32(jnp.inf if fault == "rate" else 0.05)
    state = state.replace(params=broken(state.params)) if fault == "parameter" else state
    after, metrics = train_step(state, batch, jax.random.key(1), rate)
    assert np.isnan(metrics.loss)
    assert not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after.params))
