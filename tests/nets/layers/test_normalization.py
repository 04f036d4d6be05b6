"""Batch normalization is Flax's, and so are its gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from depthstudy.nets.layers.normalization import BatchNorm


@pytest.mark.parametrize("train", [True, False])
def test_it_is_that_of_flax(train: bool) -> None:
    random = np.random.default_rng(0)
    x = jnp.asarray(2 + 3 * random.standard_normal((4, 5, 6, 7), np.float32))
    weights = jnp.asarray(random.standard_normal(x.shape, np.float32))
    variables = {
        "params": {"scale": 1 + jnp.arange(7.0), "bias": jnp.arange(7.0)},
        "batch_stats": {"mean": jnp.arange(7.0), "var": 1 + jnp.arange(7.0)},
    }

    def gradients_and_outcome(norm: nn.Module) -> tuple:
        def loss(x: jax.Array, params: dict) -> tuple:
            y, updates = norm.apply({**variables, "params": params}, x, mutable=["batch_stats"])
            return jnp.sum(jnp.sin(y) * weights), (y, updates)

        gradients, outcome = jax.grad(loss, (0, 1), has_aux=True)(x, variables["params"])
        return gradients, outcome

    ours = gradients_and_outcome(BatchNorm(not train, 0.9, 1e-3, jnp.float32))
    flax = gradients_and_outcome(nn.BatchNorm(not train, momentum=0.9, epsilon=1e-3))
    assert jax.tree.structure(ours) == jax.tree.structure(flax)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(flax), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5 * np.abs(b).max())


def test_statistics_stay_float32_where_compute_is_half() -> None:
    x = 2 + jnp.asarray(np.random.default_rng(0).standard_normal((64, 4, 4, 3)), jnp.bfloat16)
    norm = BatchNorm(False, 0.0, 1e-5, jnp.bfloat16)
    y, variables = norm.init_with_output(jax.random.key(0), x)
    y, updates = norm.apply(variables, x, mutable=["batch_stats"])
    assert y.dtype == jnp.bfloat16
    exact = np.asarray(x, np.float64)
    np.testing.assert_allclose(updates["batch_stats"]["mean"], exact.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(updates["batch_stats"]["var"], exact.var((0, 1, 2)), rtol=1e-4)
