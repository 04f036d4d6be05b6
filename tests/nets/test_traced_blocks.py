"""Blocks that are alike are traced once, which changes no number; what XLA fuses stays bounded."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_nets

from depthstudy import arch, nets, runtime

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("family", "options", "train"),
    [
        ("resnet", {"depth": 26, "layout": "cifar", "width": 4}, False),
        ("mobilenet_v2", {"layout": "small", "width_multiplier": 0.25}, True),
    ],
)
def test_blocks_that_are_traced_once_make_what_they_make_one_by_one(
    family: str, options: dict, train: bool
) -> None:
    """Alike they are in all but their parameters; a net that is looked into traces each."""
    network = nets.Network(arch.build(family, **options).deterministic)
    images = jax.random.normal(jax.random.key(1), (4, 8, 8, 3))
    variables = small_nets.drawn(network.spec, 8)
    apart, whole = network.apply(variables, images, train, mutable=True, capture_intermediates=True)
    logits, moved = network.apply(variables, images, train, mutable=["batch_stats"])
    tolerance = {
        "rtol": 1e-3,
        "atol": 1e-3,
    }  # batches of four numbers, whose norms magnify rounding
    np.testing.assert_allclose(logits, apart, **tolerance)
    for statistic, expected in zip(
        jax.tree.leaves(moved), jax.tree.leaves(whole["batch_stats"]), strict=True
    ):
        np.testing.assert_allclose(statistic, expected, **tolerance)
    assert jax.tree.structure(moved["batch_stats"]) == jax.tree.structure(whole["batch_stats"])


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="only there it is so")
def test_a_block_adds_to_the_sum_of_those_before_it() -> None:
    """What XLA fuses reads no more arrays in a deeper net; by itself it reads all blocks."""
    usual, ours = zip(*(_most_read(depth) for depth in (26, 38)), strict=True)
    assert usual[0] < usual[1]
    assert ours[0] == ours[1]


def _most_read(depth: int) -> tuple[int, int]:
    """Returns how many operands a fusion has at most, by XLA's options and by ours."""
    network = nets.Network(arch.build("resnet", depth=depth, layout="cifar"))
    images = jnp.zeros((2, 8, 8, 3))
    lowered = jax.jit(jax.grad(lambda variables: network.apply(variables, images).sum())).lower(
        small_nets.shapes(network.spec, 8)
    )
    usual, ours = (
        max(
            operands.count("%")
            for operands in re.findall(r" fusion\(([^)]*)\)", lowered.compile(options).as_text())
        )
        for options in ({}, runtime.compiler_options())
    )
    return usual, ours


def test_blocks_that_are_alike_are_traced_once() -> None:
    spec = arch.build("resnet", depth=26, layout="cifar")
    traced = jax.make_jaxpr(nets.Network(spec).apply)(
        small_nets.shapes(spec), jnp.zeros((1, 32, 32, 3))
    )
    blocks = [
        eqn.params["jaxpr"] for eqn in traced.eqns if eqn.params.get("name") == "_traced_once"
    ]
    assert len(blocks) == 12
    assert len({id(block) for block in blocks}) == 5  # the first of the later stages are others
