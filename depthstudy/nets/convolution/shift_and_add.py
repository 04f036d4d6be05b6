"""Depthwise convolution for the CPU: sums and reductions of shifted products.

XLA's own takes up to 100 times as long. A tap of the kernel meets the image shifted by the tap's
place, so that

- the output is the sum over taps of a shifted image times one number a channel;
- the gradient of the images is the same of the output's gradient, for each phase of the stride;
- the gradient of the kernel is, for each tap, the sum over pixels of a shifted image times the
  output's gradient. Each of these sums read by itself costs as much as all of them in one pass.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from depthstudy.nets.convolution.geometry import Geometry, Pair

_BATCH_PARTS = 8  # of a batch, that are summed side by side


def output(
    x: Float[Array, "B H W C"], kernel: Float[Array, "k l 1 C"], geometry: Geometry
) -> Float[Array, "B h w C"]:
    """Returns each channel convolved by itself."""
    shifted = zip(_taps(geometry), _shifted(x, geometry), strict=True)
    first, *others = (image * kernel[tap] for tap, image in shifted)
    return sum(others, start=first)


def images_gradient(
    y: Float[Array, "B h w C"], kernel: Float[Array, "k l 1 C"], geometry: Geometry
) -> Float[Array, "B H W C"]:
    """Returns the gradient of the images, given that of the output.

    Pixel ``q * stride + phase``, padding counted, meets the taps ``m * stride + phase``.
    """
    strides, sides = geometry.stride, geometry.kernel_size
    padded = [size + sum(p) for size, p in zip(geometry.image_size, geometry.padding, strict=True)]
    rows, columns = (-(-size // stride) for size, stride in zip(padded, strides, strict=True))
    reach = [-(-side // stride) - 1 for side, stride in zip(sides, strides, strict=True)]
    height, width = y.shape[1:3]
    y = jnp.pad(y, [(0, 0), (reach[0], rows - height), (reach[1], columns - width), (0, 0)])
    y = lax.optimization_barrier(y)

    def phase(a: int, b: int) -> Array:
        terms = [
            y[:, reach[0] - m : reach[0] - m + rows, reach[1] - n : reach[1] - n + columns]
            * kernel[m * strides[0] + a, n * strides[1] + b]
            for m in range(reach[0] + 1)
            for n in range(reach[1] + 1)
            if m * strides[0] + a < sides[0] and n * strides[1] + b < sides[1]
        ]
        return sum(terms, start=jnp.zeros((len(y), rows, columns, y.shape[3]), y.dtype))

    if strides == (1, 1):
        whole = phase(0, 0)
    else:
        down, across = strides
        phases = [jnp.stack([phase(a, b) for b in range(across)], 3) for a in range(down)]
        whole = jnp.stack(phases, 2).reshape(len(y), rows * down, columns * across, -1)
    (top, _), (left, _) = geometry.padding
    tall, wide = geometry.image_size
    return whole[:, top : top + tall, left : left + wide]


def kernel_gradient(
    x: Float[Array, "B H W C"], y: Float[Array, "B h w C"], geometry: Geometry
) -> Float[Array, "k l 1 C"]:
    """Returns the gradient of the kernel, given images and the gradient of the output."""
    parts = math.gcd(len(x), _BATCH_PARTS)
    wide = jnp.promote_types(x.dtype, jnp.float32)
    products = [
        (image * y).astype(wide).reshape(parts, -1, *y.shape[1:]) for image in _shifted(x, geometry)
    ]
    sums = lax.reduce(products, [np.zeros((), wide)] * len(products), _add_each, (1, 2, 3))
    kernel = jnp.stack([total.sum(0) for total in sums]).astype(x.dtype)
    return kernel.reshape(*geometry.kernel_size, 1, -1)


def _add_each(some: Sequence[Array], others: Sequence[Array]) -> list[Array]:
    return [a + b for a, b in zip(some, others, strict=True)]


def _taps(geometry: Geometry) -> list[Pair]:
    height, width = geometry.kernel_size
    return list(itertools.product(range(height), range(width)))


def _shifted(x: Array, geometry: Geometry) -> list[Array]:
    """Returns for each tap the pixels of the images that it meets."""
    padded = lax.optimization_barrier(jnp.pad(x, [(0, 0), *geometry.padding, (0, 0)]))
    (down, across), (rows, columns) = geometry.stride, geometry.output_size
    height, width = (rows - 1) * down + 1, (columns - 1) * across + 1
    return [padded[:, i : i + height : down, j : j + width : across] for i, j in _taps(geometry)]
