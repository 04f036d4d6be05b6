"""A step's key feeds dropout, and leaves what augmentation draws as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from depthstudy import arch, config, data, nets
from depthstudy.data import Batch
from depthstudy.tasks import classification
from depthstudy.train.steps import step

RATE = jnp.float32(0.1)


def parts(**options: object) -> tuple:
    """Returns a small net, its optimizer and its step on images that are shifted."""
    settings = config.DataConfig(shift=2)
    spec = arch.build("resnet", depth=8, layout="cifar", width=4, **options)
    network, optimizer = nets.Network(spec), optax.sgd(0.1)
    return (
        network,
        optimizer,
        step.make_train_step(
            network, optimizer, data.load(settings), settings, config.TrainConfig()
        ),
    )


@pytest.fixture
def batch() -> Batch:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (16, 8, 8, 1), np.uint8)
    return Batch(jnp.asarray(images), jnp.asarray(random.integers(0, 10, 16), jnp.int32))


def test_the_key_of_the_step_draws_what_is_dropped(batch: Batch) -> None:
    network, optimizer, train = parts(dropout=0.5)
    start = jax.jit(lambda key: step.init_state(network, optimizer, (8, 8, 1), key=key))
    state, train = start(jax.random.key(0)), jax.jit(train)
    losses = [train(state, batch, jax.random.key(seed), RATE)[1].loss for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert np.isfinite(losses).all()


class _SeenError(Exception):
    pass


def test_augmentation_draws_the_same_with_and_without(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = []

    def spy(images: jax.Array, *, key: jax.Array, config: config.DataConfig) -> jax.Array:
        keys.append(jax.random.key_data(key))
        raise _SeenError

    monkeypatch.setattr(classification, "augment", spy)
    for options in ({}, {"dropout": 0.5}, {"stochastic_depth": 0.5}):
        *_, train = parts(**options)
        with pytest.raises(_SeenError):
            train(step.TrainState(0, {}, {}, ()), batch, jax.random.key(3), RATE)
    for key in keys:
        np.testing.assert_array_equal(key, jax.random.key_data(jax.random.key(3)))
