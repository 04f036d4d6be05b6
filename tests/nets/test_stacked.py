"""Arrays of equal blocks as one: the same net, whose variables are as many whatever its depth."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import small_nets
from sampled import sampled

from depthstudy import arch, nets

NETS = [
    ("resnet", {"depth": 26, "layout": "cifar", "width": 4}),
    ("plain", {"depth": 26, "layout": "cifar", "width": 4, "norm": "none"}),
    ("preact_resnet", {"depth": 26, "layout": "cifar", "width": 4, "skip_init": True}),
    ("se_resnet", {"depth": 26, "layout": "cifar", "width": 4, "reduction": 2}),
    ("staged", {"stages": "inverted_r5_s2_e2_c8_se2 separable_r4_c8_noskip", "width": 6}),
]
IDS = [family for family, _ in NETS]


def resnet(depth: int) -> arch.ArchSpec:
    return arch.build("resnet", depth=depth, layout="cifar", num_classes=10)


def sizes(spec: arch.ArchSpec) -> tuple[int, int]:
    """Returns how many arrays of parameters a net has: one by one, and stacked."""

    def both(key: jax.Array) -> tuple[Any, Any]:
        params = nets.init(nets.build(spec), key, (8, 8, 3))["params"]
        return params, nets.stack(spec, params)

    one_by_one, stacked = jax.eval_shape(both, jax.random.key(0))
    return len(jax.tree.leaves(one_by_one)), len(jax.tree.leaves(stacked))


@pytest.mark.parametrize("blocks", [3, 7])
def test_the_number_of_arrays_does_not_grow_with_depth(blocks: int) -> None:
    """A CIFAR ResNet (He et al. 2015) has ``6 n + 2`` layers: ``n`` blocks of two a stage.

    Layer and normalization have three arrays; the first block of two stages halves the image.
    """
    assert sizes(resnet(6 * blocks + 2)) == (3 + 3 * blocks * 6 + 2, 3 + 5 * 6 + 2)


@pytest.mark.parametrize(("family", "options"), sampled(NETS, 2, IDS))
def test_a_net_is_the_same_by_a_loop(family: str, options: dict) -> None:
    spec = arch.build(family, **options)
    network, variables = nets.build(spec), small_nets.drawn(spec, 8)
    images = jax.random.normal(jax.random.key(1), (4, 8, 8, 3))
    stacked = nets.stack(spec, variables)
    assert len(jax.tree.leaves(stacked)) < len(jax.tree.leaves(variables))
    assert "scan" in str(jax.make_jaxpr(network.apply)(stacked, images))
    for train in (False, True):
        expected, moved = network.apply(variables, images, train=train, mutable=["batch_stats"])
        logits, moved_too = network.apply(stacked, images, train=train, mutable=["batch_stats"])
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
        moved_too = nets.unstack(spec, moved_too)
        assert jax.tree.structure(moved) == jax.tree.structure(moved_too)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), moved, moved_too
        )


@pytest.mark.parametrize(("family", "options"), NETS, ids=IDS)
def test_taken_apart_it_is_as_before(family: str, options: dict) -> None:
    spec = arch.build(family, **options)
    variables = small_nets.drawn(spec, 8)
    state = {"trained": variables, "moments": optax.adam(0.1).init(variables["params"])}
    stacked = nets.stack(spec, state)
    unstacked = nets.unstack(spec, stacked)
    assert jax.tree.structure(unstacked) == jax.tree.structure(state)
    jax.tree.map(np.testing.assert_array_equal, unstacked, state)
    jax.tree.map(np.testing.assert_array_equal, nets.stack(spec, stacked), stacked)


def test_a_stacked_array_has_the_blocks_in_their_order() -> None:
    """There are more than nine: names are sorted as numbers are."""
    spec = arch.build("resnet", depth=74, layout="cifar", width=2)
    variables = small_nets.drawn(spec, 8)
    together = nets.stack(spec, variables)["params"]["stage2"]["block02-block12"]
    for number in range(11):
        expected = variables["params"]["stage2"][f"block{number + 2:02d}"]["conv1"]["kernel"]
        np.testing.assert_array_equal(together["conv1"]["kernel"][number], expected)


def test_the_backbone_of_a_detector_is_looped_over() -> None:
    spec = arch.build("detector", backbone="resnet", depth=26, layout="cifar", num_classes=3)
    network = nets.build(spec)
    variables = small_nets.drawn(spec, 32)
    images = jax.random.normal(jax.random.key(1), (2, 32, 32, 3))
    stacked = nets.stack(spec, variables)
    assert "block01-block04" in stacked["params"]["stage1"]
    predictions, expected = (network.apply(each, images) for each in (stacked, variables))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), predictions, expected
    )


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("resnet", {"depth": 26, "layout": "cifar", "stochastic_depth": 0.5}),
        ("wide_resnet", {"depth": 28, "width_multiplier": 1, "dropout": 0.3}),
        ("densenet", {"depth": 22, "layout": "cifar"}),
    ],
)
def test_blocks_that_draw_or_widen_are_left_alone(family: str, options: dict) -> None:
    """Each draws by its own name; channels put one behind the other are more in each block."""
    one_by_one, stacked = sizes(arch.build(family, **options))
    assert one_by_one == stacked


def test_blocks_that_are_stacked_cannot_be_looked_into() -> None:
    spec = resnet(20)
    stacked = nets.stack(spec, small_nets.drawn(spec, 8))
    with pytest.raises(ValueError, match="stacked cannot be looked into"):
        nets.outputs(nets.build(spec), stacked, jnp.zeros((1, 8, 8, 3)))
