"""Every formulation of a convolution is the same function, with the same gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from depthstudy.arch.layer_types import output_size, window_padding
from depthstudy.nets.convolution import module

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
    found = module.convolve(x, weights, stride, groups=groups, padding=padding)
    expected = direct(x, weights, stride, groups, padding)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


# A formulation with a case that it serves: side of the kernel, channels, filters and groups.
CASES = [
    (module.by_patches, 3, 7, 6, 1),
    (module.by_pixels, 1, 7, 6, 1),
    (module.by_shifts, 3, 6, 6, 6),
    (module.by_shifts, 5, 6, 6, 6),
    (module.by_groups, 3, 6, 9, 3),
    (module.by_groups, 1, 6, 9, 3),
]


@pytest.mark.parametrize("padding", ["torch", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("formulation", "side", "channels", "filters", "groups"), CASES)
def test_formulations_agree_to_the_second_derivative(
    formulation: module.Formulation,
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
    around = tuple(window_padding(size, side, stride, padding) for size in (5, 4))
    point = (x, jnp.asarray(kernel))
    direction = (0.3 * x + 0.1, 0.2 * point[1] - 0.1)

    def found(way: module.Formulation) -> tuple:
        def loss(pair: tuple) -> jax.Array:
            y = way(*pair, stride, around, groups)
            return jnp.sum(jnp.sin(y) * jnp.arange(y.size).reshape(y.shape) / y.size)

        def along(pair: tuple) -> jax.Array:
            products = jax.tree.map(lambda a, b: jnp.sum(a * b), jax.grad(loss)(pair), direction)
            return sum(products)

        y = way(*point, stride, around, groups)
        _, forward_over_reverse = jax.jvp(jax.grad(loss), (point,), (direction,))
        return y, jax.grad(loss)(point), forward_over_reverse, jax.grad(along)(point)

    pairs = zip(
        jax.tree.leaves(jax.jit(found, static_argnums=0)(formulation)),
        jax.tree.leaves(jax.jit(found, static_argnums=0)(module.stock)),
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

    def found(way: module.Formulation) -> jax.Array:
        def loss(x: jax.Array, kernel: jax.Array) -> jax.Array:
            return jnp.sum(jnp.sin(way(x, kernel, 2, ((1, 1), (1, 1)), 6)))

        return jax.vmap(jax.value_and_grad(loss, (0, 1)), axes)(*arguments)

    for a, b in zip(
        jax.tree.leaves(found(module.by_shifts)),
        jax.tree.leaves(found(module.stock)),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def test_depthwise_over_devices_is_that_of_one() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((16, 6, 6, 5), np.float32)
    kernel = jnp.asarray(random.standard_normal((3, 3, 1, 5), np.float32))

    @jax.jit
    def found(x: jax.Array, kernel: jax.Array) -> tuple:
        y = module.convolve(x, kernel, 1, groups=5)

        def loss(x: jax.Array, kernel: jax.Array) -> jax.Array:
            return jnp.sum(jnp.sin(module.convolve(x, kernel, 1, groups=5)))

        return y, *jax.grad(loss, (0, 1))(x, kernel)

    mesh = jax.make_mesh((8,), ("batch",))
    spread = jax.device_put(x, jax.NamedSharding(mesh, jax.P("batch")))
    for a, b in zip(found(spread, kernel), found(jnp.asarray(x), kernel), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def chosen(image: tuple, kernel: tuple, groups: int = 1) -> module.Formulation:
    side = kernel[0]
    return module.choose(image, kernel, 1, ((side // 2,) * 2,) * 2, groups)


def test_choice_follows_platform_and_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        ((64, 2, 2, 64), (3, 3, 64, 64), 1, module.by_patches),
        ((64, 4, 4, 64), (3, 3, 64, 64), 1, module.stock),
        ((64, 8, 8, 64), (1, 1, 64, 32), 1, module.by_pixels),
        ((64, 8, 8, 64), (3, 3, 1, 64), 64, module.by_shifts),
        ((64, 8, 8, 64), (3, 3, 1, 128), 64, module.by_groups),
        ((64, 8, 8, 64), (1, 1, 16, 64), 4, module.by_groups),
    ]
    for image, kernel, groups, expected in cases:
        assert chosen(image, kernel, groups) is expected
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for image, kernel, groups, _ in cases:
        assert chosen(image, kernel, groups) is module.stock
