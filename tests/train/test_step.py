"""The pure step: its loss, its gradient and its key."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets, tasks
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset, batch_at
from depthstudy.train.steps import optimizer, step

STILL = DataConfig()
CONFIG = TrainConfig(learning_rate=0.05, weight_decay=0.0, schedule="constant", momentum=0.0)
RATE = jnp.float32(CONFIG.learning_rate)


def made(
    dataset: Dataset, data: DataConfig = STILL, norm: str = "batch"
) -> tuple[step.TrainState, step.TrainStep, nets.Network]:
    network = nets.Network(arch.build("resnet", depth=8, layout="cifar", norm=norm, width=4))
    transform = optimizer.optimizer(CONFIG)
    state = jax.jit(lambda key: step.init_state(network, transform, dataset.image_shape, key=key))(
        jax.random.key(0)
    )
    return state, step.make_train_step(network, transform, dataset, data, CONFIG), network


def test_a_step_goes_down_the_numerical_gradient(digits: Dataset) -> None:
    """Plain SGD: the change of a weight is minus the rate times a central difference."""
    state, train_step, network = made(digits, norm="none")
    batch = batch_at(digits, 0, batch_size=32)
    after, metrics = jax.jit(train_step)(state, batch, jax.random.key(1), RATE)
    images = (np.asarray(batch.images) / 255 - digits.mean) / digits.std

    @jax.jit
    def loss(shift: float) -> jax.Array:
        params = jax.tree.map(lambda x: x, state.params)
        bias = params["head"]["dense"]["bias"]
        params["head"]["dense"]["bias"] = bias.at[3].add(shift)
        logits = network.apply({"params": params}, jnp.array(images))
        return tasks.of(digits).loss(logits, batch.labels).mean()

    assert float(metrics.loss) == pytest.approx(float(loss(0.0)), rel=1e-5)
    slope = (float(loss(0.01)) - float(loss(-0.01))) / 0.02
    moved = after.params["head"]["dense"]["bias"] - state.params["head"]["dense"]["bias"]
    assert float(moved[3]) == pytest.approx(-0.05 * slope, rel=1e-3)
    assert int(after.step) == 1


def test_the_loss_falls(digits: Dataset) -> None:
    state, train_step, _ = made(digits)
    train_step = jax.jit(train_step)
    losses = []
    for i in range(80):
        batch = batch_at(digits, i, batch_size=64)
        state, metrics = train_step(state, batch, jax.random.key(i), RATE)
        losses.append(float(metrics.loss))
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])


def test_the_key_moves_images_and_nothing_else(digits: Dataset) -> None:
    batch = batch_at(digits, 0, batch_size=16)
    keys = [jax.random.key(i) for i in range(2)]
    losses = {}
    for shift in (0, 2):
        state, train_step, _ = made(digits, DataConfig(shift=shift))
        take = jax.jit(train_step)
        losses[shift] = [float(take(state, batch, key, RATE)[1].loss) for key in [*keys, keys[0]]]
    assert losses[0][0] == losses[0][1]
    assert losses[2][0] == losses[2][2] != losses[2][1]


def test_evaluation_leaves_padding_out_and_running_statistics_in(digits: Dataset) -> None:
    state, _, network = made(digits)
    eval_step = jax.jit(step.make_eval_step(network, digits))
    batch = batch_at(digits, 0, batch_size=8)
    weights = jnp.array([1.0] * 5 + [0.0] * 3)
    sums = eval_step(state, batch, weights)
    part = jax.tree.map(lambda x: x[:5], batch)
    alone = eval_step(state, part, jnp.ones(5))
    assert float(sums.loss) == pytest.approx(float(alone.loss), rel=1e-5)
    assert sums.loss_count == alone.loss_count == 5
    np.testing.assert_array_equal(sums.errors, [*alone.errors, 0, 0, 0])
    flat = dataclasses.replace(digits, mean=np.zeros(1, np.float32))
    shifted = jax.jit(step.make_eval_step(network, flat))(state, part, jnp.ones(5))
    assert float(shifted.loss) != pytest.approx(float(alone.loss), rel=1e-4)
