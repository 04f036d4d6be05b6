"""The penalty's gradient is the L1 norm's, of scales alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import prune
from depthstudy.errors import InputError

PARAMS = {
    "norm1": {"scale": jnp.array([0.5, -2.0, 0.0]), "bias": jnp.array([1.0])},
    "conv1": {"kernel": jnp.array([3.0])},
    "skip_scale": {"scale": jnp.array(2.0)},
    "layer_scale": {"scale": jnp.array([1.0, -1.0])},
}


def test_the_gradient_is_that_of_the_l1_norm() -> None:
    def penalty(params: dict) -> jax.Array:
        return 0.1 * jnp.sum(jnp.abs(params["norm1"]["scale"]))

    optimizer = prune.scale_penalty(0.1)
    zeros = jax.tree.map(jnp.zeros_like, PARAMS)
    updates, _ = optimizer.update(zeros, optimizer.init(PARAMS), PARAMS)
    moved = {**PARAMS, "norm1": {**PARAMS["norm1"], "scale": jnp.array([0.5, -2.0, 1.0])}}
    wanted = jax.grad(penalty)(moved)
    wanted["norm1"]["scale"] = wanted["norm1"]["scale"].at[2].set(0)  # a choice among subgradients
    jax.tree.map(np.testing.assert_array_equal, updates, wanted)


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(InputError, match="at least 0, it is -1"):
        prune.scale_penalty(-1)
