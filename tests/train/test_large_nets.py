"""What makes large nets fit, and the average of weights: equal numbers with less memory or code."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sampled import sampled

from depthstudy import arch, nets
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset, batch_at
from depthstudy.errors import InputError
from depthstudy.train.placement import choice
from depthstudy.train.steps import optimizer, step

CONFIG = TrainConfig(batch_size=32, learning_rate=0.05, weight_decay=0.0, schedule="constant")
TINY = arch.build("plain", depth=8, layout="cifar", width=4)
RATE, KEY = jnp.float32(0.05), jax.random.key(1)


def start(network: nets.Net, transform: Any, digits: Dataset, **options: Any) -> step.TrainState:
    """Returns the state before the first step, drawn by one program, which is compiled quickly."""
    key = jax.random.key(0)
    return jax.jit(
        lambda: step.init_state(network, transform, digits.image_shape, key=key, **options)
    )()


def stepped(digits: Dataset, spec: Any = TINY, **fields: Any) -> step.TrainState:
    """Returns the state after a step of a training with these fields."""
    return history(digits, 1, spec, **fields)[1]


def history(digits: Dataset, steps: int, spec: Any = TINY, **fields: Any) -> list[step.TrainState]:
    """Returns the states before each step of a training with these fields, and after the last."""
    config = dataclasses.replace(CONFIG, **fields)
    network = nets.build(
        spec,
        rematerialize=config.rematerialize,
        statistics_images=config.statistics_images,
    )
    transform = optimizer.optimizer(config)
    states = [start(network, transform, digits, averaged=bool(config.average_decay))]
    train_step = jax.jit(step.make_train_step(network, transform, digits, DataConfig(), config))
    for i in range(steps):
        batch = batch_at(digits, i, batch_size=config.batch_size)
        states.append(train_step(states[-1], batch, jax.random.fold_in(KEY, i), RATE)[0])
    return states


def assert_near(one: Any, other: Any, tolerance: float = 2e-5) -> None:
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


@pytest.mark.parametrize(
    ("family", "options"),
    sampled([("resnet", {"stochastic_depth": 0.5}), ("resnet", {}), ("plain", {})], 3),
)
def test_blocks_that_are_computed_again_give_equal_numbers(
    digits: Dataset, family: str, options: dict
) -> None:
    spec = arch.build(family, depth=20, layout="cifar", width=4, **options)
    plain, other = stepped(digits, spec=spec), stepped(digits, spec=spec, rematerialize=True)
    assert_near(plain.variables, other.variables)


@pytest.mark.parametrize("stochastic_depth", [0.0, 0.5])
def test_blocks_that_are_computed_again_keep_less(stochastic_depth: float) -> None:
    spec = arch.build("resnet", depth=20, layout="cifar", stochastic_depth=stochastic_depth)
    images = jnp.zeros((4, 32, 32, 3))

    def kept(*, rematerialize: bool) -> int:
        network = nets.build(spec, platform="gpu", rematerialize=rematerialize)

        def residuals() -> list[Any]:
            variables = nets.init(network, KEY, (32, 32, 3))

            def loss(params: Any) -> Any:
                logits, _ = network.apply(
                    {**variables, "params": params},
                    images,
                    train=True,
                    mutable=["batch_stats"],
                    rngs={"dropout": KEY},
                )
                return jnp.sum(logits)

            return jax.tree.leaves(jax.vjp(loss, variables["params"])[1])

        return sum(x.size for x in jax.eval_shape(residuals))

    assert kept(rematerialize=True) < 0.5 * kept(rematerialize=False)


def test_parts_of_a_batch_give_its_gradient(digits: Dataset) -> None:
    """Without batch statistics the gradient of the batch is the mean over its parts."""
    spec = arch.build("plain", depth=8, layout="cifar", norm="group", width=8)
    whole, parts = (stepped(digits, spec=spec, gradient_accumulation=n) for n in (1, 4))
    assert_near(whole.params, parts.params)


def test_each_part_has_its_own_statistics(digits: Dataset) -> None:
    """Momentum 0.9 of the running statistics moves once for each part."""
    parts = stepped(digits, spec=TINY, gradient_accumulation=2)
    groups = stepped(digits, spec=TINY, statistics_images=16)
    whole = stepped(digits, spec=TINY)
    batch = batch_at(digits, 0, batch_size=32)
    name = next(iter(whole.batch_stats["stem"]))
    images = (np.asarray(batch.images) / 255 - digits.mean) / digits.std
    kernel = start(nets.build(TINY), optimizer.optimizer(CONFIG), digits).params["stem"]
    conv = next(value["kernel"] for value in kernel.values() if "kernel" in value)
    out = jax.lax.conv_general_dilated(
        images, conv, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    first, second = (np.mean(out[start::2], (0, 1, 2)) for start in (0, 1))
    expected = 0.9 * 0.1 * first + 0.1 * second
    np.testing.assert_allclose(parts.batch_stats["stem"][name]["mean"], expected, atol=1e-6)
    np.testing.assert_allclose(
        groups.batch_stats["stem"][name]["mean"], 0.1 * np.mean(out, (0, 1, 2)), atol=1e-6
    )
    var = [np.var(out[:16], (0, 1, 2)), np.var(out[16:], (0, 1, 2))]
    np.testing.assert_allclose(
        groups.batch_stats["stem"][name]["var"], 0.9 + 0.1 * np.mean(var, 0), atol=1e-5
    )


def test_the_average_is_that_of_optax(digits: Dataset) -> None:
    """The first steps forget faster, as with a decay of (1 + step) / (10 + step)."""
    decay = 0.99
    plain = [state.variables for state in history(digits, 3)]
    averaged = history(digits, 3, average_decay=decay)[-1]
    assert_near(averaged.trained, plain[3])
    expected = plain[0]
    for n, now in enumerate(plain[1:]):
        kept = min(decay, (1 + n) / (10 + n))
        expected = optax.incremental_update(now, expected, 1 - kept)
    assert_near(averaged.variables, expected)


def test_batches_that_do_not_divide_are_refused() -> None:
    for fields, message in (
        ({"gradient_accumulation": 3}, "does not divide the 4 images of a batch on a device"),
        ({"statistics_images": 12}, "statistics_images=12 does not divide the 32 images"),
        ({"statistics_images": 16, "gradient_accumulation": 4}, "does not divide the 8 images"),
    ):
        config = dataclasses.replace(CONFIG, eval_batch_size=32, placement="jit", **fields)
        with pytest.raises(InputError, match=message):
            choice.choose(config, 1)
