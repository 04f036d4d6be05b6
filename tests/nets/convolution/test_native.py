"""The native convolution is XLA's, to every order of differentiation and under every batching."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import strategies as st
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from sampled import sampled

from depthstudy import arch, nets
from depthstudy.nets.convolution import Geometry, convolve, native
from depthstudy.nets.convolution.methods import xla
from depthstudy.nets.convolution.primitive import TARGET, native_convolution

pytestmark = pytest.mark.skipif(not native.available(), reason="the extension is not built")

SAME = ((1, 1), (1, 1))
CASES = [  # geometry, channels, filters
    (Geometry((6, 5), (3, 3), (1, 1), SAME), 3, 4),
    (Geometry((7, 6), (3, 3), (2, 2), ((0, 1), (1, 1)), groups=2), 4, 6),
    (Geometry((6, 6), (3, 3), (1, 1), SAME, groups=8), 8, 8),
    (Geometry((8, 8), (5, 5), (2, 2), ((2, 2), (1, 2)), groups=4), 4, 4),
    (Geometry((2, 2), (3, 3), (1, 1), SAME), 5, 4),
    (Geometry((6, 5), (3, 3), (1, 1), SAME), 16, 16),
    (Geometry((7, 6), (3, 3), (2, 2), ((0, 1), (1, 1)), (2, 1)), 16, 16),
    (Geometry((3, 4), (3, 3), (2, 2), SAME), 4, 7),
    (Geometry((1, 2), (5, 3), (1, 1), ((3, 3), (2, 2))), 3, 2),
    (Geometry((4, 4), (2, 2), (3, 2), ((0, 0), (1, 1)), (2, 1)), 1, 1),
]


def operands(geometry: Geometry, channels: int, filters: int, batch: int = 3) -> tuple[Any, ...]:
    """Images and a kernel, two directions in them, and weights of the output."""
    random = np.random.default_rng(0)
    x = (batch, *geometry.image_size, channels)
    w = (*geometry.kernel_size, channels // geometry.groups, filters)
    y = (batch, *geometry.output_size, filters)
    return tuple(random.standard_normal(shape, np.float32) for shape in (x, w, x, w, y))


def in_float64(function: Callable[..., Any], *arguments: Any) -> Any:
    """Returns what XLA computes without its algebra, which aborts where it slices a kernel wrongly.

    As for images of 4x4 and a kernel of 2x2 with strides 3, 2, dilation 2, 1 and margins 0, 1.
    """
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda x: np.asarray(x, np.float64), arguments)
        compiled = jax.jit(function).lower(*wide).compile({"xla_disable_hlo_passes": "algsimp"})
        return jax.tree.map(np.asarray, compiled(*wide))


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-5) -> None:
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=tolerance * np.abs(b).max())


def with_gradients(way: Any, geometry: Geometry, x: Any, w: Any, y: Any) -> Any:
    out, pull = jax.vjp(lambda x, w: way(x, w, geometry), x, w)
    return out, *pull(y)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Geometry, int, int, int]:
    def pair(low: int, high: int) -> tuple[int, int]:
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    kernel, dilation, padding = pair(1, 5), pair(1, 2), (pair(0, 3), pair(0, 3))
    image = tuple(
        draw(st.integers(max(1, d * (k - 1) + 1 - sum(pad)), 12))
        for k, d, pad in zip(kernel, dilation, padding, strict=True)
    )
    groups = draw(st.sampled_from([1, 1, 2, 3, 16]))
    inside, outside = (1, 1) if draw(st.booleans()) else pair(1, 9)
    geometry = Geometry(image, kernel, pair(1, 3), padding, dilation, groups)  # type: ignore[arg-type]
    return geometry, groups * inside, groups * outside, draw(st.integers(1, 9))


@hypothesis.settings(max_examples=12, deadline=None)
@hypothesis.given(problems())
def test_any_shape_is_xlas_in_float64(problem: tuple[Geometry, int, int, int]) -> None:
    geometry, channels, filters, batch = problem
    x, w, _, _, y = operands(geometry, channels, filters, batch)
    outputs = with_gradients(native_convolution, geometry, x, w, y)
    expected = in_float64(functools.partial(with_gradients, xla, geometry), x, w, y)
    assert_close(outputs, expected)


@pytest.mark.parametrize(("side", "channels"), [(24, 16), (16, 32), (8, 64)])
def test_pieces_add_up(side: int, channels: int) -> None:
    """Large enough to be split over threads, by a batch that does not split evenly."""
    geometry = Geometry((side, side), (3, 3), (1, 1), SAME)
    x, w, _, _, y = operands(geometry, channels, channels, 37)
    outputs = jax.jit(functools.partial(with_gradients, native_convolution, geometry))(x, w, y)
    assert_close(outputs, in_float64(functools.partial(with_gradients, xla, geometry), x, w, y))


@pytest.mark.parametrize("channels", [5, 12, 40])
@pytest.mark.parametrize(("kernel", "stride"), [((7, 7), 1), ((5, 4), 2), ((2, 11), 1)])
def test_large_depthwise_kernels(channels: int, kernel: tuple[int, int], stride: int) -> None:
    """Their gradient is summed for some channels and taps at a time, the last ones overlapping."""
    down, across = (side // 2 for side in kernel)
    padding = ((down, down), (across, across))
    geometry = Geometry((6, 9), kernel, (stride, stride), padding, groups=channels)
    x, w, _, _, y = operands(geometry, channels, channels)
    outputs = with_gradients(native_convolution, geometry, x, w, y)
    assert_close(outputs, in_float64(functools.partial(with_gradients, xla, geometry), x, w, y))


@pytest.mark.parametrize("stride", [1, 2])
def test_widening_kernels_of_single_pixels(stride: int) -> None:
    """All pixels, more than are taken together, are rows of one product."""
    geometry = Geometry((37, 37), (1, 1), (stride, stride), ((0, 0), (0, 0)))
    x, w, _, _, y = operands(geometry, 8, 24, 5)
    outputs = with_gradients(native_convolution, geometry, x, w, y)
    assert_close(outputs, in_float64(functools.partial(with_gradients, xla, geometry), x, w, y))


@pytest.mark.parametrize(("geometry", "channels", "filters"), sampled(CASES, 2))
def test_second_order(geometry: Geometry, channels: int, filters: int) -> None:
    x, w, dx, dw, y = operands(geometry, channels, filters)

    def slopes(way: Any, x: Any, w: Any) -> Any:
        return jax.grad(lambda x, w: (y * jnp.sin(way(x, w, geometry))).sum(), (0, 1))(x, w)

    def forward_over_reverse(way: Any, x: Any, w: Any) -> Any:
        return jax.jvp(functools.partial(slopes, way), (x, w), (x * 0 + dx, w * 0 + dw))[1]

    def reverse_over_reverse(way: Any, x: Any, w: Any) -> Any:
        def along(x: Any, w: Any) -> Any:
            a, b = slopes(way, x, w)
            return (a * dx).sum() + (b * dw).sum()

        return jax.grad(along, (0, 1))(x, w)

    for order in (forward_over_reverse, reverse_over_reverse):
        second_derivatives = jax.jit(functools.partial(order, native_convolution))(x, w)
        assert_close(second_derivatives, in_float64(functools.partial(order, xla), x, w))


@pytest.mark.parametrize("axes", sampled([((2, 3),), ((0, 0),), ((None, 0),), ((0, None),)], 2))
@pytest.mark.parametrize(("geometry", "channels", "filters"), CASES[:3])
def test_a_population_is_its_members(
    geometry: Geometry, channels: int, filters: int, axes: Any
) -> None:
    x, w, dx, dw, _ = operands(geometry, channels, filters)
    many = [
        one if axis is None else np.stack([one, other, one - other], axis)
        for one, other, axis in zip((x, w), (dx, dw), axes, strict=True)
    ]

    def slopes(way: Any, x: Any, w: Any) -> Any:
        return jax.grad(lambda x, w: (way(x, w, geometry) ** 3).sum(), (0, 1))(x, w)

    gradients = jax.jit(jax.vmap(functools.partial(slopes, native_convolution), axes))(*many)
    assert_close(gradients, in_float64(jax.vmap(functools.partial(slopes, xla), axes), *many))


def test_populations_of_populations() -> None:
    geometry, channels, filters = CASES[0]
    x, w, _, _, _ = operands(geometry, channels, filters)
    xs = np.stack([np.stack([x * i + j for i in range(2)]) for j in range(3)])
    ws = np.stack([w, -w, w * w])

    def nested(way: Any, xs: Any, ws: Any) -> Any:
        one = functools.partial(way, geometry=geometry)
        return jax.vmap(jax.vmap(one, (0, None)))(xs, ws)

    expected = in_float64(functools.partial(nested, xla), xs, ws)
    assert_close(nested(native_convolution, xs, ws), expected)


def test_a_batch_over_several_devices_is_left_to_xla() -> None:
    geometry, channels, filters = CASES[0]
    x, w, _, _, y = operands(geometry, channels, filters, batch=16)
    mesh = Mesh(np.array(jax.devices()), ("batch",))
    cut, whole = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in (("batch",), ()))
    placed = jax.device_put((x, w, y), (cut, whole, cut))
    step = (
        jax.jit(functools.partial(with_gradients, native_convolution, geometry))
        .lower(*placed)
        .compile()
    )
    outputs = step(*placed)
    assert TARGET not in step.as_text()
    assert outputs[0].sharding.is_equivalent_to(cut, 4)
    assert_close(outputs, in_float64(functools.partial(with_gradients, xla, geometry), x, w, y))


def test_each_device_of_pmap_uses_it() -> None:
    geometry, channels, filters = CASES[0]
    x, w, dx, dw, _ = operands(geometry, channels, filters)
    many = [np.stack([one, other]) for one, other in ((x, dx), (w, dw))]
    mapped = jax.pmap(functools.partial(native_convolution, geometry=geometry))
    assert TARGET in mapped.lower(*many).compile().as_text()
    expected = in_float64(jax.vmap(functools.partial(xla, geometry=geometry)), *many)
    assert_close(mapped(*many), expected)


def methods_used(x: Any, w: Any) -> list[str]:
    """Returns how the primitive is to convolve, where the convolution of a net uses it."""
    traced = jax.make_jaxpr(lambda x, w: convolve(x, w, 1))(x, w)
    return [e.params["method"] for e in traced.eqns if e.primitive.name == "convolution_output"]


def test_what_it_cannot_do_is_left_to_xla() -> None:
    for dtype, batch in ((jnp.bfloat16, 2), (jnp.float32, 0)):
        x, w = jnp.ones((batch, 6, 6, 4), dtype), jnp.ones((3, 3, 4, 4), dtype)
        assert methods_used(x, w) == []
        assert convolve(x, w, 1).dtype == dtype
    with jax.enable_x64(True):
        x, w = jnp.ones((2, 6, 6, 4)), jnp.ones((3, 3, 4, 4))
        assert methods_used(x, w) == []
    x, w = np.ones((2, 6, 6, 4), np.float32), np.ones((3, 3, 4, 4), np.float32)
    assert methods_used(x, w) == ["native"]


def test_a_kernel_that_is_larger_than_its_images_is_left_to_xla() -> None:
    x, w = np.ones((2, 2, 2, 64), np.float32), np.ones((1, 1, 64, 64), np.float32)
    assert methods_used(x, w) == []
    np.testing.assert_array_equal(convolve(x, w, 1), np.full(x.shape, 64.0))
    assert methods_used(np.ones((32, 2, 2, 64), np.float32), w) == ["native"]
    assert methods_used(x, np.ones((3, 3, 64, 64), np.float32)) == ["native"]


def test_a_net_has_the_same_gradients(request: pytest.FixtureRequest) -> None:
    spec = arch.build("resnet", depth=8, layout="cifar", width=8, num_classes=10)
    network = nets.Network(spec)
    images = np.random.default_rng(0).standard_normal((8, 16, 16, 3), np.float32)
    variables = jax.jit(lambda key: nets.init(network, key, images.shape[1:]))(jax.random.key(0))

    def loss(variables: Any) -> Any:
        return (network.apply(variables, images) ** 2).mean()

    gradients = jax.jit(jax.grad(loss))(variables)
    request.getfixturevalue("without_native")
    assert_close(gradients, jax.jit(jax.grad(lambda v: loss(v)))(variables), 1e-4)
