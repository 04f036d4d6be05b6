"""Every formulation of a convolution is the same function, with the same gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from depthstudy.arch.vocabulary import margins, pooled
from depthstudy.nets import convolution

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
    assert [margins(side, kernel, stride, "same")] == expected
    assert pooled(side, kernel, stride, "same") == -(-side // stride)


def direct(x: np.ndarray, kernel: np.ndarray, stride: int, groups: int, padding: str) -> np.ndarray:
    """The definition, pixel by pixel, in float64."""
    side, _, inside, filters = kernel.shape
    around = [margins(size, side, stride, padding) for size in x.shape[1:3]]
    padded = np.pad(x.astype(np.float64), [(0, 0), *around, (0, 0)])
    height, width = (pooled(size, side, stride, padding) for size in x.shape[1:3])
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
    found = convolution.convolve(x, weights, stride, groups=groups, padding=padding)
    expected = direct(x, weights, stride, groups, padding)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("padding", ["torch", "same"])
@pytest.mark.parametrize("stride", [1, 2])
def test_patches_and_stock_agree_with_their_gradients(stride: int, padding: str) -> None:
    random = np.random.default_rng(0)
    x = jnp.asarray(random.standard_normal((3, 5, 4, 7), np.float32))
    kernel = jnp.asarray(random.standard_normal((3, 3, 7, 6), np.float32))
    around = tuple(margins(size, 3, stride, padding) for size in (5, 4))
    ways = [convolution.stock, convolution.by_patches]
    outs = [way(x, kernel, stride, around) for way in ways]
    weights = random.standard_normal(outs[0].shape, np.float32)
    slopes = [
        jax.grad(lambda x, k, way=way: (way(x, k, stride, around) * weights).sum(), (0, 1))
        for way in ways
    ]
    for a, b in zip(
        jax.tree.leaves((outs[0], slopes[0](x, kernel))),
        jax.tree.leaves((outs[1], slopes[1](x, kernel))),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(a).max())
