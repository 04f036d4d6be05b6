"""Every method of a convolution is the same function, with the same gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from sampled import sampled

from depthstudy.arch.windows import output_size, window_padding
from depthstudy.nets.convolution import Geometry, convolve, methods, primitive, selector
from depthstudy.nets.convolution.geometry import Convolution

GRID = [
    (side, kernel, stride, padding)
    for side in (1, 2, 5, 8)
    for kernel in (1, 3, 5)
    for stride in (1, 2)
    for padding in ("torch", "same")
]


@pytest.mark.parametrize(("side", "kernel", "stride"), sorted({g[:3] for g in GRID}))
def test_same_is_xlas(side: int, kernel: int, stride: int) -> None:
    expected = lax.padtype_to_pads((side,), (kernel,), (stride,), "SAME")
    assert [window_padding(side, kernel, stride, "same")] == expected
    assert output_size(side, kernel, stride, "same") == -(-side // stride)


def direct(x: np.ndarray, kernel: np.ndarray, stride: int, groups: int, padding: str) -> np.ndarray:
    """The definition, pixel by pixel, in float64."""
    side, _, inside, filters = kernel.shape
    around = [window_padding(size, side, stride, padding) for size in x.shape[1:3]]
    padded = np.pad(x.astype(np.float64), [(0, 0), *around, (0, 0)])
    height, width = (output_size(size, side, stride, padding) for size in x.shape[1:3])
    out = np.zeros((len(x), height, width, filters))
    for f in range(filters):
        first = f // (filters // groups) * inside
        for i in range(height):
            for j in range(width):
                rows = slice(i * stride, i * stride + side)
                columns = slice(j * stride, j * stride + side)
                window = padded[:, rows, columns, first : first + inside]
                out[:, i, j, f] = (window * kernel[..., f]).sum((1, 2, 3))
    return out


@pytest.mark.parametrize(("channels", "filters", "groups"), [(4, 6, 1), (6, 6, 6), (6, 9, 3)])
@pytest.mark.parametrize(("side", "kernel", "stride", "padding"), GRID[::5])
def test_convolution_is_its_definition(
    side: int, kernel: int, stride: int, padding: str, channels: int, filters: int, groups: int
) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((2, side, side, channels), np.float32)
    weights = random.standard_normal((kernel, kernel, channels // groups, filters), np.float32)
    output = convolve(x, weights, stride, groups=groups, padding=padding)
    expected = direct(x, weights, stride, groups, padding)
    np.testing.assert_allclose(output, expected, atol=1e-5 * np.abs(expected).max())


# A method with a case that it is for: side of the kernel, channels, filters and groups.
CASES = [
    (methods.im2col, 3, 7, 6, 1),
    (methods.pointwise_matmul, 1, 7, 6, 1),
    (primitive.shift_and_add, 3, 6, 6, 6),
    (primitive.shift_and_add, 5, 6, 6, 6),
    (methods.per_group, 3, 6, 9, 3),
    (methods.per_group, 1, 6, 9, 3),
]


@pytest.mark.parametrize(
    ("stride", "padding"),
    sampled([(2, "torch"), (1, "torch"), (3, "same"), (2, "same")], 2),
)
@pytest.mark.parametrize(("method", "side", "channels", "filters", "groups"), CASES)
def test_methods_agree_to_the_second_derivative(
    method: Convolution,
    side: int,
    channels: int,
    filters: int,
    groups: int,
    stride: int,
    padding: str,
) -> None:
    random = np.random.default_rng(0)
    x = jnp.asarray(random.standard_normal((4, 5, 4, channels), np.float32))
    kernel = random.standard_normal((side, side, channels // groups, filters), np.float32)
    down, across = (window_padding(size, side, stride, padding) for size in (5, 4))
    geometry = Geometry((5, 4), (side, side), (stride, stride), (down, across), groups=groups)
    point = (x, jnp.asarray(kernel))
    direction = (0.3 * x + 0.1, 0.2 * point[1] - 0.1)

    def value_and_derivatives(way: Convolution) -> tuple:
        def loss(pair: tuple) -> jax.Array:
            y = way(*pair, geometry)
            return jnp.sum(jnp.sin(y) * jnp.arange(y.size).reshape(y.shape) / y.size)

        def along(pair: tuple) -> jax.Array:
            products = jax.tree.map(lambda a, b: jnp.sum(a * b), jax.grad(loss)(pair), direction)
            return sum(products)

        y = way(*point, geometry)
        _, forward_over_reverse = jax.jvp(jax.grad(loss), (point,), (direction,))
        return y, jax.grad(loss)(point), forward_over_reverse, jax.grad(along)(point)

    pairs = zip(
        jax.tree.leaves(jax.jit(value_and_derivatives, static_argnums=0)(method)),
        jax.tree.leaves(jax.jit(value_and_derivatives, static_argnums=0)(methods.xla)),
        strict=True,
    )
    for a, b in pairs:
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize("axes", [(0, 0), (0, None), (None, 0), (1, 2)])
def test_depthwise_is_mapped_with_its_gradients(axes: tuple) -> None:
    random = np.random.default_rng(0)
    shapes = [(4, 5, 5, 6), (3, 3, 1, 6)]
    arguments = [
        jnp.asarray(
            random.standard_normal(
                shape if axis is None else (*shape[:axis], 3, *shape[axis:]), np.float32
            )
        )
        for shape, axis in zip(shapes, axes, strict=True)
    ]

    geometry = Geometry((5, 5), (3, 3), (2, 2), ((1, 1), (1, 1)), groups=6)

    def value_and_gradients(way: Convolution) -> jax.Array:
        def loss(x: jax.Array, kernel: jax.Array) -> jax.Array:
            return jnp.sum(jnp.sin(way(x, kernel, geometry)))

        return jax.vmap(jax.value_and_grad(loss, (0, 1)), axes)(*arguments)

    for a, b in zip(
        jax.tree.leaves(value_and_gradients(primitive.shift_and_add)),
        jax.tree.leaves(value_and_gradients(methods.xla)),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def test_depthwise_over_devices_is_that_of_one() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((16, 6, 6, 5), np.float32)
    kernel = jnp.asarray(random.standard_normal((3, 3, 1, 5), np.float32))

    @jax.jit
    def output_and_gradients(x: jax.Array, kernel: jax.Array) -> tuple:
        y = convolve(x, kernel, 1, groups=5)

        def loss(x: jax.Array, kernel: jax.Array) -> jax.Array:
            return jnp.sum(jnp.sin(convolve(x, kernel, 1, groups=5)))

        return y, *jax.grad(loss, (0, 1))(x, kernel)

    mesh = jax.make_mesh((8,), ("batch",))
    spread = jax.device_put(x, jax.NamedSharding(mesh, jax.P("batch")))
    for a, b in zip(
        output_and_gradients(spread, kernel),
        output_and_gradients(jnp.asarray(x), kernel),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize(
    ("image", "kernel", "groups", "expected"),
    [
        ((64, 2, 2, 64), (3, 3, 64, 64), 1, methods.im2col),
        ((64, 4, 4, 64), (3, 3, 64, 64), 1, methods.xla),
        ((64, 8, 8, 64), (1, 1, 64, 32), 1, methods.pointwise_matmul),
        ((64, 8, 8, 64), (3, 3, 1, 64), 64, primitive.shift_and_add),
        ((64, 8, 8, 64), (3, 3, 1, 128), 64, methods.per_group),
        ((64, 8, 8, 64), (1, 1, 16, 64), 4, methods.per_group),
    ],
)
def test_choice_follows_platform_and_shape(
    image: tuple, kernel: tuple, groups: int, expected: Convolution
) -> None:
    half = kernel[0] // 2
    geometry = Geometry(image[1:3], kernel[:2], (1, 1), ((half,) * 2,) * 2, groups=groups)

    def chosen(platform: str, dtype: jnp.dtype = jnp.bfloat16) -> Convolution:
        # oneDNN is for float32, so that what a build without it chooses is seen with another type
        return selector.choose(
            jnp.zeros(image, dtype), jnp.zeros(kernel, dtype), geometry, platform
        )

    assert chosen("cpu") is expected
    assert chosen("tpu") is methods.xla
    assert chosen("gpu") is primitive.grouped
    native = primitive.native_convolution if selector.native.available() else expected
    assert chosen("cpu", jnp.float32) is native
