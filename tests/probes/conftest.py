"""Nets for the tests of probes."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.data import Dataset

Make = Callable[[arch.ArchSpec], nets.Variables]


@pytest.fixture(scope="session")
def make(digits: Dataset) -> Make:
    """Returns He's initialization, drawn by NumPy: compiling ``nets.init`` takes many seconds."""

    def draw(random: np.random.Generator, path: tuple, leaf: jax.ShapeDtypeStruct) -> jax.Array:
        if path[-1].key != "kernel":
            return jnp.full(leaf.shape, float(path[-1].key in ("scale", "var")))
        fan_in = leaf.size // leaf.shape[-1]
        return jnp.asarray(random.normal(0, (2 / fan_in) ** 0.5, leaf.shape), jnp.float32)

    def variables(spec: arch.ArchSpec) -> nets.Variables:
        network = nets.Network(spec)
        shapes = jax.eval_shape(lambda: nets.init(network, jax.random.key(0), digits.image_shape))
        return jax.tree_util.tree_map_with_path(
            functools.partial(draw, np.random.default_rng(0)), shapes
        )

    return variables
