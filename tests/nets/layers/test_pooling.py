"""Max pooling, beside Flax's, whose gradient is XLA's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from sampled import sampled

from depthstudy.nets.layers.pooling import max_pool

CASES = [  # side, window, stride, around
    (8, (2, 2), (2, 2), ((0, 0), (0, 0))),
    (9, (3, 3), (2, 2), ((1, 1), (1, 1))),
    (8, (3, 3), (2, 2), ((0, 1), (0, 1))),
    (7, (3, 2), (1, 3), ((1, 0), (0, 0))),
]


def images(side: int, dtype: Any = jnp.float32) -> jax.Array:
    """Returns images of which every second pixel is zero, so that windows have several largest."""
    return jax.nn.relu(jax.random.normal(jax.random.key(0), (2, side, side, 3), dtype))


def pools(*shape: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return lambda x: max_pool(x, *shape), lambda x: nn.max_pool(x, *shape)


@pytest.mark.parametrize(
    ("side", "window", "stride", "around", "dtype"),
    sampled([(*case, dtype) for case in CASES for dtype in (jnp.float32, jnp.bfloat16)], 3),
)
def test_value_and_gradient_are_those_of_flax(
    side: int, window: Any, stride: Any, around: Any, dtype: Any
) -> None:
    x = images(side, dtype)
    ours, theirs = pools(window, stride, around)

    @jax.jit
    def value_and_gradient(x: jax.Array, key: jax.Array) -> list[tuple[jax.Array, jax.Array]]:
        pulled = []
        for pool in (ours, theirs):
            output, back = jax.vjp(pool, x)
            pull = jax.random.normal(key, output.shape, dtype)
            pulled.append((output, back(pull)[0].astype(jnp.float32)))
        return pulled

    (output, gradient), expected = value_and_gradient(x, jax.random.key(1))
    np.testing.assert_array_equal(output, expected[0])
    tolerance = 1e-6 if dtype == jnp.float32 else 0.1  # sums of at most nine, in another order
    np.testing.assert_allclose(gradient, expected[1], atol=tolerance)


def test_it_is_differentiated_twice_either_way() -> None:
    """The sum of cubes of the largest pixels: its Hessian is 6x where a pixel is the largest."""
    x = images(9)
    ours, theirs = pools(*CASES[1][1:])
    along = jax.random.normal(jax.random.key(2), x.shape)

    def cubes(pool: Callable[..., Any]) -> Callable[[jax.Array], jax.Array]:
        return lambda x: jnp.sum(pool(x) ** 3)

    def forward_over_reverse(pool: Callable[..., Any]) -> jax.Array:
        return jax.jvp(jax.grad(cubes(pool)), (x,), (along,))[1]

    def reverse_over_forward(pool: Callable[..., Any]) -> jax.Array:
        return jax.grad(lambda x: jax.jvp(cubes(pool), (x,), (along,))[1])(x)

    expected = forward_over_reverse(theirs)
    np.testing.assert_allclose(forward_over_reverse(ours), expected, atol=1e-5)
    np.testing.assert_allclose(reverse_over_forward(ours), expected, atol=1e-5)
    assert np.abs(expected).max() > 1


def test_it_is_mapped() -> None:
    x = jnp.stack([images(8), 1 - images(8)])
    ours, theirs = pools(*CASES[0][1:])
    np.testing.assert_array_equal(jax.vmap(ours)(x), [theirs(each) for each in x])
