"""A step's key feeds dropout, and leaves what augmentation draws as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from depthstudy import arch, config, data, nets
from depthstudy.data import Batch
from depthstudy.train import step


def step_of(**options: object) -> tuple:
    """Returns the jitted step of a small net, its first state and its data."""
    settings = config.DataConfig(shift=2)
    dataset = data.load(settings)
    spec = arch.build("wide_resnet", depth=10, width=0.25, **options)
    network, optimizer = nets.Network(spec), optax.sgd(0.1)
    state = step.init_state(network, optimizer, dataset.image_shape, key=jax.random.key(0))
    train = step.make_train_step(network, optimizer, dataset, settings, config.TrainConfig())
    return jax.jit(train), state


@pytest.fixture
def batch() -> Batch:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (16, 8, 8, 1), np.uint8)
    return Batch(jnp.asarray(images), jnp.asarray(random.integers(0, 10, 16), jnp.int32))


def test_the_key_of_the_step_draws_what_is_dropped(batch: Batch) -> None:
    train, state = step_of(dropout=0.5)
    losses = [train(state, batch, jax.random.key(seed))[1].loss for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert np.isfinite(losses).all()


def test_images_are_the_same_with_and_without(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def spy(images: jax.Array, *, key: jax.Array, config: config.DataConfig) -> jax.Array:
        augmented = data.augment(images, key=key, config=config)
        seen.append(augmented)
        return augmented

    monkeypatch.setattr(step, "augment", spy)
    for options in ({}, {"dropout": 0.5}, {"stochastic_depth": 0.5}):
        train, state = step_of(**options)
        with jax.disable_jit():
            train.__wrapped__(state, batch, jax.random.key(3))
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], seen[2])
