"""The net is what its value says: shapes, parameters, work and skips."""

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal
from flax import traverse_util
from sampled import sampled

from depthstudy import arch, nets
from depthstudy.arch import lowering

MEMBERS = [
    ("plain", {"depth": 8, "layout": "cifar"}),
    ("plain", {"depth": 8, "layout": "cifar", "norm": "none"}),
    ("resnet", {"depth": 14, "layout": "cifar"}),
    ("resnet", {"depth": 14, "layout": "cifar", "shortcut": "B"}),
    ("resnet", {"depth": 14, "layout": "cifar", "norm": "none", "shortcut": "B"}),
    ("resnet", {"depth": 18}),
    ("resnet", {"depth": 50}),
    ("preact_resnet", {"depth": 14, "layout": "cifar"}),
    ("preact_resnet", {"depth": 50, "residual": False}),
    ("preact_resnet", {"depth": 50}),
    ("resnet", {"depth": 14, "layout": "cifar", "norm": "none", "skip_init": True}),
    ("plain", {"depth": 14, "layout": "cifar", "branches": "repvgg"}),
    ("resnet", {"depth": 18, "layout": "small", "padding": "same", "dropout": 0.1}),
    ("resnext", {"depth": 50, "groups": 4, "width_per_group": 8}),
    ("se_resnet", {"depth": 14, "layout": "cifar"}),
    ("wide_resnet", {"depth": 10, "width_multiplier": 2, "dropout": 0.3}),
    ("staged", {"stages": "basic_r2_c8 inverted_r2_k5_s2_e2_c12_se4"}),
    ("vgg", {"depth": 11, "layout": "small"}),
    ("vgg", {"depth": 13, "norm": "none", "layout": "small"}),
    ("mobilenet_v1", {"depth_multiplier": 0.5}),
    ("mobilenet_v1", {"depth_multiplier": 0.5, "padding": "same", "layout": "small"}),
    ("mobilenet_v2", {"depth_multiplier": 0.5}),
    ("mobilenet_v3", {"variant": "small"}),
    ("mobilenet_v3", {"variant": "small", "layout": "small", "norm": "none"}),
    ("shufflenet_v1", {"depth_multiplier": 0.5}),
    ("shufflenet_v1", {"depth_multiplier": 0.5, "groups": 8, "residual": False}),
    ("shufflenet_v2", {"depth_multiplier": 0.5}),
    ("shufflenet_v2", {"depth_multiplier": 0.5, "residual": False, "layout": "small"}),
    ("efficientnet", {"depth_multiplier": 0.5}),
    ("efficientnet_lite", {"depth_multiplier": 0.5}),
    ("efficientnet_v2", {"depth_multiplier": 0.2, "layout": "small", "width_multiplier": 0.5}),
    ("convnext", {"variant": "atto", "layout": "small", "depth_multiplier": 0.5}),
    ("convnext", {"variant": "atto", "layout": "small", "norm": "batch", "residual": False}),
    ("densenet", {"depth": 22, "layout": "cifar"}),
    ("regnet", {"depth_multiplier": 0.5}),
    ("resnet_d", {"depth": 18, "width": 16}),
    ("resnet", {"depth": 14, "layout": "cifar", "norm": "group"}),
    ("preact_resnet", {"depth": 14, "layout": "cifar", "norm": "layer"}),
]
FULL = [  # as published, with images as large as they are made for
    ("resnet", {"depth": 18}),
    ("vgg", {"depth": 11}),
    ("mobilenet_v1", {}),
    ("mobilenet_v2", {}),
    ("mobilenet_v3", {}),
    ("shufflenet_v1", {}),
    ("shufflenet_v2", {}),
    ("efficientnet", {}),
    ("efficientnet_lite", {"variant": "lite1"}),
]


start = jax.jit(nets.init, static_argnums=(0, 2))
outputs = jax.jit(nets.outputs, static_argnums=(0, 3))


@functools.cache
def shapes(spec: arch.ArchSpec) -> dict:
    """Returns the shapes of the variables for color images; they depend on nothing else."""
    network = nets.Network(spec)
    return jax.eval_shape(lambda key: nets.init(network, key, (32, 32, 3)), jax.random.key(0))


@pytest.mark.parametrize(("family", "options"), MEMBERS)
def test_cost_predicts_every_parameter(family: str, options: dict) -> None:
    spec, image_shape = arch.build(family, **options), (40, 40, 3)
    params = traverse_util.flatten_dict(shapes(spec)["params"])
    parameter_counts: dict[tuple, int] = {}
    for path, leaf in params.items():
        parameter_counts[path[:-1]] = parameter_counts.get(path[:-1], 0) + leaf.size
    costs = arch.layer_costs(spec, image_shape)
    assert parameter_counts == {layer.path: layer.parameters for layer in costs if layer.parameters}


def test_every_family_is_here() -> None:
    assert {family for family, _ in MEMBERS} == set(arch.FAMILIES)


@pytest.mark.parametrize(
    ("family", "options", "side"),
    [(*member, (8, 33)[place % 2]) for place, member in enumerate(MEMBERS)]
    + sampled([(*member, 224) for member in FULL], 3)
    + [("vgg", {"depth": 11}, 33)],
)
def test_cost_predicts_every_shape(family: str, options: dict, side: int) -> None:
    spec, image_shape = arch.build(family, **options), (side, side, 3)
    network, variables = nets.Network(spec), shapes(spec)
    images = jnp.zeros((2, *image_shape))
    logits, named = jax.eval_shape(lambda v: nets.outputs(network, v, images), variables)
    assert logits.shape == (2, spec.head.num_classes)
    assert logits.dtype == jnp.float32
    for layer in arch.layer_costs(spec, image_shape):
        if layer.parameters and layer.path[0] != "head":
            assert named["/".join(layer.path)].shape == (2, *layer.shape), layer.path


_PRODUCTS = ("conv_general_dilated", "depthwise", "dot_general", "convolution_output")


@pytest.mark.parametrize(("family", "options"), sampled(MEMBERS, 2))
def test_macs_agree_with_the_traced_convolutions(family: str, options: dict) -> None:
    """Counts output elements times kernel elements of each operation that JAX would run."""
    spec, image_shape = arch.build(family, **options), (24, 24, 3)
    network, variables = nets.Network(spec), shapes(spec)
    traced = jax.make_jaxpr(network.apply)(variables, jnp.zeros((1, *image_shape)))
    assert _macs(traced.jaxpr) == arch.cost(spec, image_shape).macs


def _macs(jaxpr: Any) -> int:
    macs = 0
    for eqn in jaxpr.eqns:
        if eqn.primitive.name in _PRODUCTS:
            kernel, out = eqn.invars[1].aval, eqn.outvars[0].aval
            macs += out.size * kernel.size // kernel.shape[-1]
        elif eqn.primitive.name == "jit":
            macs += _macs(eqn.params["jaxpr"].jaxpr)
    return macs


@pytest.mark.usefixtures("without_native")
def test_macs_agree_with_xla() -> None:
    """XLA leaves products with padding out, and adds what normalization and rectifiers cost."""
    spec, image_shape = arch.build("resnet", depth=18), (224, 224, 3)
    network, variables = nets.Network(spec), shapes(spec)
    images = jax.ShapeDtypeStruct((1, *image_shape), jnp.float32)
    flops = jax.jit(network.apply).lower(variables, images).cost_analysis()["flops"]
    inside = sum(
        layer.macs * _share_inside(layer) if isinstance(layer.layer, lowering.Conv) else layer.macs
        for layer in arch.layer_costs(spec, image_shape)
    )
    assert flops / 2 == pytest.approx(inside, rel=0.01)


def _share_inside(cost: arch.LayerCost) -> float:
    """Share of the products of a convolution whose pixel is not padding."""
    kernel, stride, side = cost.layer.kernel, cost.layer.stride, cost.shape[0]
    taps = np.arange(side)[:, None] * stride + np.arange(kernel) - (kernel - 1) // 2
    return np.mean((taps >= 0) & (taps < side * stride)) ** 2


def test_names_sort_in_the_order_of_the_net() -> None:
    spec = arch.build("resnet", depth=74, layout="cifar")
    names = list(shapes(spec)["params"]["stage1"])
    assert names == sorted(names) == [f"block{i:02d}" for i in range(1, 13)]


@pytest.mark.parametrize("family", ["resnet", "preact_resnet"])
def test_with_a_zeroed_branch_a_block_is_its_shortcut(family: str) -> None:
    spec = arch.build(family, depth=14, layout="cifar")
    network = nets.Network(spec)
    variables = start(network, jax.random.key(0), (8, 8, 1))
    flat = traverse_util.flatten_dict(variables["params"])
    silent = {
        path: jnp.zeros_like(x) if path[-2] in ("conv2", "norm2") else x for path, x in flat.items()
    }
    images = jax.random.normal(jax.random.key(1), (4, 8, 8, 1))
    variables = {**variables, "params": traverse_util.unflatten_dict(silent)}
    _, named = outputs(network, variables, images)
    chain = [named["stem"], *(named[f"stage{i}/block0{j}"] for i in (1, 2, 3) for j in (1, 2))]
    for before, after in itertools.pairwise(chain):
        stride = before.shape[1] // after.shape[1]
        channels = before.shape[3]
        np.testing.assert_array_equal(after[..., :channels], before[:, ::stride, ::stride])
        assert not after[..., channels:].any()


def test_identity_shortcuts_own_no_parameters() -> None:
    for family in ("resnet", "preact_resnet"):
        plain = arch.build(family, depth=20, layout="cifar", residual=False)
        residual = arch.build(family, depth=20, layout="cifar")
        assert shapes(plain) == shapes(residual)


def test_first_layers_against_scipy_and_a_closed_form() -> None:
    """Convolution by ``scipy.signal``; normalization by the definition."""
    spec = arch.build("plain", depth=8, layout="cifar", width=3)
    network = nets.Network(spec)
    variables = start(network, jax.random.key(0), (7, 7, 2))
    images = jax.random.normal(jax.random.key(1), (4, 7, 7, 2))
    _, state = jax.jit(
        lambda v, x: network.apply(v, x, train=True, capture_intermediates=True, mutable=True)
    )(variables, images)
    stem = state["intermediates"]["stem"]
    kernel = np.asarray(variables["params"]["stem"]["conv"]["kernel"])
    expected = (
        np.stack(
            [
                sum(
                    scipy.signal.correlate2d(image[..., c], kernel[..., c, f], mode="same")
                    for c in range(2)
                )
                for image in np.asarray(images)
                for f in range(3)
            ]
        )
        .reshape(4, 3, 7, 7)
        .transpose(0, 2, 3, 1)
    )
    np.testing.assert_allclose(stem["conv"]["__call__"][0], expected, atol=1e-5)
    mean, variance = expected.mean((0, 1, 2)), expected.var((0, 1, 2))
    normal = (expected - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(stem["norm"]["__call__"][0], normal, atol=1e-4)
    np.testing.assert_allclose(stem["__call__"][0], np.maximum(normal, 0), atol=1e-4)
    running = state["batch_stats"]["stem"]["norm"]
    np.testing.assert_allclose(running["mean"], 0.1 * mean, atol=1e-5)
    np.testing.assert_allclose(running["var"], 0.9 + 0.1 * variance, atol=1e-5)


def test_bfloat16_computes_in_bfloat16_and_keeps_float32() -> None:
    spec = arch.build("resnet", depth=8, layout="cifar")
    full, half = nets.Network(spec), nets.Network(spec, jnp.bfloat16)
    variables = start(half, jax.random.key(0), (8, 8, 1))
    assert {x.dtype for x in jax.tree.leaves(variables)} == {jnp.dtype("float32")}
    images = jax.random.normal(jax.random.key(1), (16, 8, 8, 1))
    logits, named = outputs(half, variables, images, "stage1/block01/conv1")
    assert named["stage1/block01/conv1"].dtype == jnp.bfloat16
    assert logits.dtype == jnp.float32
    expected = jax.jit(full.apply)(variables, images)
    np.testing.assert_allclose(logits, expected, atol=0.1)
    assert not np.array_equal(logits, expected)


def test_outputs_are_chosen_by_pattern() -> None:
    spec = arch.build("resnet", depth=14, layout="cifar")
    network = nets.Network(spec)
    variables = start(network, jax.random.key(0), (8, 8, 1))
    _, named = outputs(network, variables, jnp.zeros((1, 8, 8, 1)), "stage?/block02")
    assert list(named) == ["stage1/block02", "stage2/block02", "stage3/block02"]
