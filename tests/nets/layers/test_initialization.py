"""Kernels start as their papers say, and with the isometry that follows from it."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from depthstudy import arch, nets
from depthstudy.arch.layer_types import Init
from depthstudy.nets.convolution.module import convolve
from depthstudy.nets.layers.initialization import dense_init, kernel_init

KEY = jax.random.key(0)


def drawn(kind: str, shape: tuple[int, ...], groups: int = 1, **fields: object) -> np.ndarray:
    return np.asarray(kernel_init(Init(kind, **fields), groups)(KEY, shape), np.float64)


@pytest.mark.parametrize(
    ("shape", "groups", "variance"),
    [((3, 3, 16, 200), 1, 2 / 1800), ((3, 3, 1, 2000), 2000, 2 / 9), ((1, 1, 50, 200), 4, 2 / 50)],
)
@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_he_has_its_variance(shape: tuple, groups: int, variance: float, scale: float) -> None:
    kernel = drawn("he", shape, groups, scale=scale)
    assert kernel.var() == pytest.approx(scale**2 * variance, rel=0.05)
    assert abs(kernel.mean()) < 0.05 * kernel.std()


@pytest.mark.parametrize("shape", [(1, 1), (3, 3, 1, 2), (2, 2, 16, 16), (3, 3, 10, 12)])
def test_numbers_are_those_of_flax(shape: tuple) -> None:
    scaled = nn.initializers.variance_scaling
    for kind, reference in {
        "he": scaled(2 * 0.7**2, "fan_out", "normal"),
        "fan_in": scaled(0.7**2, "fan_in", "normal"),
        "glorot": scaled(0.7**2, "fan_avg", "uniform"),
    }.items():
        expected = reference(KEY, shape)
        np.testing.assert_allclose(drawn(kind, shape, scale=0.7), expected, rtol=3e-7)
    expected = scaled(1 / 3, "fan_in", "uniform")(KEY, shape)
    np.testing.assert_allclose(dense_init(Init())(KEY, shape), expected, rtol=3e-7)


def test_kernels_of_like_sizes_share_their_draws(caplog: pytest.LogCaptureFixture) -> None:
    drawn("he", (3, 3, 4, 1))
    with jax.log_compiles():
        drawn("he", (3, 3, 4, 17)), drawn("fan_in", (1, 1, 16, 23))
    assert "compilation of jit(_first)" in caplog.text
    assert "compilation of jit(_normal)" not in caplog.text


@pytest.mark.parametrize(("channels", "filters"), [(5, 12), (12, 5), (8, 8)])
def test_delta_orthogonal_is_orthogonal_at_its_center_alone(channels: int, filters: int) -> None:
    kernel = drawn("delta_orthogonal", (3, 3, channels, filters), scale=np.sqrt(1 / 2))
    center = kernel[1, 1]
    small = center @ center.T if channels <= filters else center.T @ center
    np.testing.assert_allclose(small, np.eye(min(channels, filters)), atol=1e-5)
    assert np.count_nonzero(kernel) == np.count_nonzero(center) == center.size


def test_delta_orthogonal_keeps_the_norm_of_images() -> None:
    """With the gain of rectifiers, every pixel is longer by the root of 2; padding has no part."""
    x = np.random.default_rng(0).standard_normal((2, 5, 7, 4), np.float32)
    y = convolve(jnp.asarray(x), drawn("delta_orthogonal", (3, 3, 4, 9)).astype(np.float32), 1)
    expected = np.sqrt(2) * np.linalg.norm(x, axis=-1)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), expected, rtol=1e-5)


@pytest.mark.parametrize(("channels", "filters"), [(4, 12), (2, 30)])
def test_orthogonal_is_orthogonal_as_a_matrix(channels: int, filters: int) -> None:
    matrix = drawn("orthogonal", (3, 3, channels, filters)).reshape(-1, filters)
    small = matrix.T @ matrix if 9 * channels >= filters else matrix @ matrix.T
    np.testing.assert_allclose(small, 2 * np.eye(len(small)), atol=1e-5)


@pytest.mark.parametrize("kind", ["orthogonal", "delta_orthogonal"])
def test_each_group_is_orthogonal_by_itself(kind: str) -> None:
    kernel = drawn(kind, (3, 3, 2, 12), groups=4)
    for group in range(4):
        matrix = kernel[..., 3 * group : 3 * group + 3].reshape(-1, 3)
        matrix = matrix if kind == "orthogonal" else matrix[8:10].T
        np.testing.assert_allclose(matrix.T @ matrix, 2 * np.eye(matrix.shape[1]), atol=1e-5)
    assert not np.allclose(kernel[..., :3], kernel[..., 3:6])
    depthwise = drawn(kind, (3, 3, 1, 40), groups=40)
    np.testing.assert_allclose((depthwise**2).sum((0, 1, 2)), 2, rtol=1e-5)
    assert {-1, 1} == set(np.sign(depthwise[1, 1, 0]))


def test_looks_linear_by_its_blocks() -> None:
    kernel = drawn("looks_linear", (3, 3, 8, 12), scale=3)
    W = kernel[..., :4, :6]
    np.testing.assert_array_equal(kernel, np.block([[W, -W], [-W, W]]))
    np.testing.assert_allclose(W[1, 1] @ W[1, 1].T, 9 * np.eye(4), atol=1e-4)
    first = drawn("looks_linear", (3, 3, 1, 12), first=True)
    np.testing.assert_array_equal(first[..., :6], -first[..., 6:])
    assert first.shape == (3, 3, 1, 12)
    dense = np.asarray(dense_init(Init("looks_linear"))(KEY, (8, 3)))
    np.testing.assert_array_equal(dense[:4], -dense[4:])


@functools.cache
def net(init: str, activation: str, norm: str = "none", scale: float = 1.0, stages: int = 3):
    depth = 8 if stages == 3 else 20
    spec = arch.build(
        "plain", depth=depth, layout="cifar", width=6, norm=norm, activation=activation,
        init=init, init_scale=scale,
    )  # fmt: skip
    spec = dataclasses.replace(spec, stages=spec.stages[:stages])
    network = nets.Network(spec)
    return network, jax.jit(nets.init, static_argnums=(0, 2))(network, KEY, (4, 4, 2))


@pytest.mark.parametrize(("activation", "norm"), [("relu", "batch"), ("silu", "none")])
def test_a_looks_linear_net_is_linear(activation: str, norm: str) -> None:
    x, y = jax.random.normal(jax.random.key(1), (2, 3, 4, 4, 2))

    def bend(init: str) -> float:
        network, variables = net(init, activation, norm)
        apply = jax.jit(network.apply)
        expected = 2 * apply(variables, x) - 3 * apply(variables, y)
        difference = apply(variables, 2 * x - 3 * y) - expected
        return float(jnp.abs(difference).max() / jnp.std(expected))

    assert bend("looks_linear") < 1e-4
    assert bend("he") > 0.1


@pytest.mark.parametrize(
    ("init", "activation", "scale"),
    [("delta_orthogonal", "linear", np.sqrt(1 / 2)), ("looks_linear", "relu", 1.0)],
)
def test_a_stage_is_an_isometry(init: str, activation: str, scale: float) -> None:
    """All singular values of the Jacobian from image to features are 1, seven layers deep."""
    network, variables = net(init, activation, scale=float(scale), stages=1)

    def features(image: jax.Array) -> jax.Array:
        x = nets.outputs(network, variables, image[None], "stage1")[1]["stage1"]
        # A rectifier hands on x as the halves relu(x) and relu(-x).
        return x[..., :3] - x[..., 3:] if init == "looks_linear" else x

    image = jax.random.normal(jax.random.key(1), (4, 4, 2))
    jacobian = jax.jit(jax.jacrev(features))(image).reshape(-1, image.size)
    np.testing.assert_allclose(np.linalg.svd(jacobian)[1], 1, atol=1e-4)


def test_the_scale_is_that_of_convolutions() -> None:
    (_, whole), (_, part) = net("he", "relu"), net("he", "relu", scale=0.5)
    for name, factor in (("stem", 0.5), ("stage2", 0.5), ("head", 1.0)):
        for a, b in zip(jax.tree.leaves(whole["params"][name]),
                        jax.tree.leaves(part["params"][name]), strict=True):  # fmt: skip
            np.testing.assert_allclose(b, factor * a, rtol=1e-6)
