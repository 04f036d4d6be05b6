"""Schedules and updates against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from depthstudy import prune
from depthstudy.config import TrainConfig
from depthstudy.train.steps import optimizer as room


def rates(steps: int, **options: object) -> np.ndarray:
    config = TrainConfig(learning_rate=0.4, **options)
    schedule = room.schedule(config, steps)
    return np.array([float(schedule(step)) for step in range(steps)])


def test_constant() -> None:
    np.testing.assert_allclose(rates(10, schedule="constant"), 0.4)


def test_cosine_with_warm_up() -> None:
    learning_rates = rates(100, schedule="cosine", warmup_steps=20)
    np.testing.assert_allclose(learning_rates[:20], 0.4 * np.arange(1, 21) / 20, rtol=1e-5)
    expected = 0.2 * (1 + np.cos(np.pi * np.arange(80) / 80))
    np.testing.assert_allclose(learning_rates[20:], expected, atol=1e-6)


@pytest.mark.parametrize("warmup", [0, 10])
def test_step_falls_at_shares_of_the_whole_training(warmup: int) -> None:
    learning_rates = rates(
        64, schedule="step", step_boundaries=(0.5, 0.75), step_factor=0.1, warmup_steps=warmup
    )
    np.testing.assert_allclose(learning_rates[warmup:32], 0.4)
    np.testing.assert_allclose(learning_rates[33:48], 0.04, rtol=1e-5)
    np.testing.assert_allclose(learning_rates[49:], 0.004, rtol=1e-5)


PARAMS = {
    "conv": {"kernel": jnp.array([2.0]), "bias": jnp.array([3.0])},
    "norm": {"scale": jnp.array([4.0]), "bias": jnp.array([5.0])},
}


def test_only_kernels_decay() -> None:
    assert room.decayed(PARAMS) == {
        "conv": {"kernel": True, "bias": False},
        "norm": {"scale": False, "bias": False},
    }


def step_twice(config: TrainConfig, gradient: float) -> dict:
    transform, params = room.optimizer(config), PARAMS
    state = transform.init(params)
    gradients = {
        group: {name: jnp.full_like(x, gradient) for name, x in leaves.items()}
        for group, leaves in params.items()
    }
    rate = jnp.float32(config.learning_rate)
    for _ in range(2):
        updates, state = transform.update(gradients, state, params, rate=rate)
        params = optax.apply_updates(params, updates)
    return params


def test_sgd_with_momentum_and_decay() -> None:
    """The velocity of Sutskever et al. 2013, with L2 decay in the gradient."""
    config = TrainConfig(learning_rate=0.1, momentum=0.9, weight_decay=0.5, schedule="constant")
    weight, velocity = 2.0, 0.0
    for _ in range(2):
        velocity = 0.9 * velocity + 1.0 + 0.5 * weight
        weight -= 0.1 * velocity
    params = step_twice(config, 1.0)
    assert float(params["conv"]["kernel"][0]) == pytest.approx(weight)
    assert float(params["norm"]["scale"][0]) == pytest.approx(4 - 0.1 * (1 + 1.9))


def test_adamw_decays_apart_from_the_gradient() -> None:
    """With a constant gradient Adam's step is the learning rate, whatever the gradient's size."""
    config = TrainConfig(
        optimizer="adamw", learning_rate=0.01, weight_decay=0.5, schedule="constant"
    )
    weight = 2.0
    for _ in range(2):
        weight -= 0.01 * (1 + 0.5 * weight)
    params = step_twice(config, 100.0)
    assert float(params["conv"]["kernel"][0]) == pytest.approx(weight, rel=1e-5)
    assert float(params["conv"]["bias"][0]) == pytest.approx(3 - 0.02, rel=1e-5)


def test_the_penalty_is_clipped_with_the_loss_that_it_is_part_of() -> None:
    config = TrainConfig(
        learning_rate=1.0, scale_penalty=5.0, gradient_clip=1.0, momentum=0.0, weight_decay=0.0
    )
    transform = room.optimizer(config)
    nothing = jax.tree.map(jnp.zeros_like, PARAMS)
    changes, _ = transform.update(
        nothing, transform.init(PARAMS), PARAMS, rate=jnp.float32(1.0), step=0
    )
    assert float(optax.tree.norm(changes)) == pytest.approx(1.0)
    assert float(changes["norm"]["scale"][0]) == pytest.approx(-1.0)


def test_pruned_weights_do_not_count_in_the_norm_that_is_clipped() -> None:
    """Three of four weights are gone; the gradient of the one that is left is below the limit."""
    config = TrainConfig(learning_rate=0.1, gradient_clip=1.0, momentum=0.0, weight_decay=0.0)
    sparsity = room.Sparsity(prune.Weights(prune.magnitude), prune.one_shot(0.75, step=1))
    transform = room.optimizer(config, sparsity)
    params = {"stage1": {"block01": {"conv1": {"kernel": jnp.array([[4.0, 0.1], [0.2, 0.3]])}}}}
    state, rate = transform.init(params), jnp.float32(config.learning_rate)
    nothing = jax.tree.map(jnp.zeros_like, params)
    changes, state = transform.update(nothing, state, params, rate=rate, step=0)
    params = optax.apply_updates(params, changes)
    assert jnp.count_nonzero(jax.tree.leaves(params)[0]) == 1
    gradients = jax.tree.map(lambda x: jnp.array([[0.5, 50.0], [50.0, 50.0]]), params)
    changes, _ = transform.update(gradients, state, params, rate=rate, step=1)
    np.testing.assert_allclose(jax.tree.leaves(changes)[0], [[-0.05, 0.0], [0.0, 0.0]], rtol=1e-6)
