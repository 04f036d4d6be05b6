"""Loss scaling changes no gradient, skips what overflows, and lets float16 keep small numbers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets, train
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset, batch_at
from depthstudy.train.steps import optimizer, precision, step

CONFIG = TrainConfig(precision="float16", learning_rate=0.05)
SPEC = arch.build("resnet", depth=8, layout="cifar", width=4)


def scale_of(value: float) -> precision.LossScale:
    return precision.LossScale(
        scale=jnp.float32(value), steps_since_overflow=jnp.int32(0), skipped=jnp.int32(0)
    )


Takes = Callable[..., tuple[Any, ...]]


@pytest.fixture(scope="module")
def one_step(digits: Dataset) -> Takes:
    """Returns a function that takes a step in a type, with a scale or none."""
    transform = optimizer.optimizer(CONFIG)
    batch, key = batch_at(digits, 0, batch_size=32), jax.random.key(1)
    start = jax.jit(
        lambda: step.init_state(nets.Network(SPEC), transform, digits.image_shape, key=key)
    )()
    steps = {
        dtype: jax.jit(
            step.make_train_step(nets.Network(SPEC, dtype), transform, digits, DataConfig(), CONFIG)
        )
        for dtype in (jnp.float32, jnp.float16)
    }

    def take(dtype: Any, by: precision.LossScale | None) -> tuple[Any, ...]:
        before = start.replace(loss_scale=by)
        return before, *steps[dtype](before, batch, key, jnp.float32(CONFIG.learning_rate))

    return take


def after(finite: list[bool], by: precision.LossScale) -> precision.LossScale:
    body = lambda state, ok: (precision.adjusted(state, ok), None)  # noqa: E731
    return jax.lax.scan(body, by, jnp.array(finite))[0]


@pytest.mark.parametrize(
    ("finite", "scale", "steps_since_overflow", "skipped"),
    [
        ([True] * 999, 8, 999, 0),
        ([True] * 1000, 16, 0, 0),
        ([True] * 999 + [False], 4, 0, 1),
        ([True] * 999 + [False] + [True] * 1000, 8, 0, 1),
        ([False] * 9, 1, 0, 9),  # it never falls below 1
        ([True] * 40_000, 2**24, 0, 0),  # it never rises above 2**24
    ],
)
def test_the_scale_by_hand(
    finite: list[bool], scale: float, steps_since_overflow: int, skipped: int
) -> None:
    loss_scale = after(finite, scale_of(8))
    assert (loss_scale.scale, loss_scale.steps_since_overflow, loss_scale.skipped) == (
        scale,
        steps_since_overflow,
        skipped,
    )


def test_a_power_of_two_changes_no_more_than_rounding_in_float32(one_step: Takes) -> None:
    _, plain, metrics = one_step(jnp.float32, None)
    _, state, scaled = one_step(jnp.float32, scale_of(2**15))
    same = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6)
    # Products are exact, but each step is compiled by itself, and may add in another order.
    jax.tree.map(same, state.params, plain.params)
    jax.tree.map(same, state.opt_state, plain.opt_state)
    assert scaled.loss == metrics.loss
    assert metrics.loss_scale is None


def test_a_step_that_overflows_is_not_taken(one_step: Takes) -> None:
    before, state, metrics = one_step(jnp.float16, scale_of(2.0**40))
    for part in ("params", "batch_stats", "opt_state"):
        jax.tree.map(np.testing.assert_array_equal, getattr(state, part), getattr(before, part))
    assert int(state.step) == 1
    assert np.isfinite(metrics.loss)
    assert (state.loss_scale.scale, state.loss_scale.skipped) == (2.0**39, 1)
    assert metrics.loss_scale.skipped == 1


def test_float16_goes_where_float32_goes(one_step: Takes) -> None:
    before, full, _ = one_step(jnp.float32, None)
    _, half, _ = one_step(jnp.float16, scale_of(2.0**15))
    assert half.loss_scale.skipped == 0
    assert {x.dtype for x in jax.tree.leaves((half.params, half.batch_stats))} == {
        jnp.dtype("float32")
    }
    moves = [
        np.concatenate([np.ravel(a - b) for a, b in zip(
            jax.tree.leaves(state.params), jax.tree.leaves(before.params), strict=True)])
        for state in (full, half)
    ]  # fmt: skip
    assert np.linalg.norm(moves[1] - moves[0]) < 0.02 * np.linalg.norm(moves[0])
    assert not np.array_equal(*moves)


def test_statistics_are_float32_where_squares_leave_float16() -> None:
    """Numbers of about 400 have squares above 65,504, the largest of float16."""
    images = 400 * jax.random.normal(jax.random.key(0), (64, 8, 8, 1))
    spec = arch.build("plain", depth=8, layout="cifar", width=4)
    network = nets.Network(spec, jnp.float16)
    variables = jax.jit(nets.init, static_argnums=(0, 2))(network, jax.random.key(0), (8, 8, 1))
    logits, state = jax.jit(
        lambda v, x: network.apply(v, x, train=True, mutable=True, capture_intermediates=True)
    )(variables, images)
    conv = np.asarray(state["intermediates"]["stem"]["conv"]["__call__"][0])
    assert conv.dtype == np.float16
    exact = conv.astype(np.float64).var((0, 1, 2))
    assert exact.max() > np.finfo(np.float16).max
    running = state["batch_stats"]["stem"]["norm"]["var"]
    assert (running.dtype, logits.dtype) == (jnp.float32, jnp.float32)
    np.testing.assert_allclose(running, 0.9 + 0.1 * exact, rtol=1e-3)
    assert np.all(np.isfinite(logits))


def test_which_runs_are_scaled() -> None:
    def has_scale(**fields: Any) -> bool:
        return precision.first_scale(dataclasses.replace(CONFIG, **fields)) is not None

    assert has_scale()
    assert not has_scale(loss_scale="none")
    assert not has_scale(precision="bfloat16")
    assert not has_scale(precision="auto")


def test_a_cpu_says_that_half_precision_brings_no_speed() -> None:
    assert precision.no_gain("float32") == precision.no_gain("auto") == ""
    assert precision.no_gain("float16") == (
        "train.precision='float16' brings no speed on a CPU, which computes in float32"
    )


def test_a_step_takes_at_least_its_state_and_batch(digits: Dataset) -> None:
    config = dataclasses.replace(CONFIG, precision="float32", placement="jit", batch_size=32)
    program = train.build(SPEC, DataConfig(), config, digits, train.choose(config, 1))
    state = train.initial(program, 0)
    # Each of 8 devices holds the whole state and an eighth of the batch, of bytes and int32.
    held = sum(x.nbytes for x in jax.tree.leaves(state)) + 32 // 8 * (64 + 4)
    memory = program.memory
    assert memory["step_memory_bytes"] - memory["step_temporary_bytes"] >= held
    # All that the backward pass needs of the first stage alone: three features of 8x8x4.
    assert memory["step_temporary_bytes"] > 4 * 3 * 8 * 8 * 4 * 4
