"""Activations, against closed forms of SciPy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from depthstudy.nets.layers.stateless import ACTIVATIONS

_X = np.concatenate([np.linspace(-30, 30, 1_001), [-1e4, 0, 1e4]])


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 5e-7), ("bfloat16", 2**-8), ("float16", 2**-11)]
)
def test_gelu_is_the_share_of_the_normal_distribution(dtype: str, tolerance: float) -> None:
    x = jnp.asarray(_X, dtype)
    exact = np.asarray(x, float) * stats.norm.cdf(np.asarray(x, float))
    y = ACTIVATIONS["gelu"](x)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(np.asarray(y, float), exact, rtol=tolerance, atol=tolerance)


def test_gradient_of_gelu_is_that_of_the_closed_form() -> None:
    slope = jax.vmap(jax.grad(ACTIVATIONS["gelu"]))(jnp.asarray(_X, jnp.float32))
    exact = stats.norm.cdf(_X) + _X * stats.norm.pdf(_X)
    np.testing.assert_allclose(slope, exact, atol=2e-6)
