"""Depthwise convolution for the CPU: sums and reductions of shifted products.

XLA's own takes up to 100 times as long. A tap of the kernel meets the image shifted by the tap's
place, so that

- the outcome is the sum over taps of a shifted image times one number a channel;
- the gradient of the image is the same of the outcome's gradient, for each phase of the stride;
- the gradient of the kernel is, for each tap, the sum over pixels of a shifted image times the
  outcome's gradient. Each of these sums read by itself costs as much as all of them in one pass.

Each of the three is bilinear, and differentiated it gives the other two. JAX is told so by a
primitive of its own: any derivative, of any order and in any mode, is one of the three again.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

from depthstudy.nets.convolution.geometry import Margins

_SHARES = 8  # of a batch, that are summed side by side


@dataclasses.dataclass(frozen=True)
class _Geometry:
    """What shapes alone do not say: which of the three is wanted, and how the others relate."""

    wanted: Literal["outcome", "image", "kernel"]
    size: tuple[int, int]  # of the image
    side: int  # of the kernel
    stride: int
    around: Margins

    def of(self, wanted: Literal["outcome", "image", "kernel"]) -> _Geometry:
        return dataclasses.replace(self, wanted=wanted)

    @property
    def outcome(self) -> tuple[int, int]:
        height, width = (
            (size + sum(margins) - self.side) // self.stride + 1
            for size, margins in zip(self.size, self.around, strict=True)
        )
        return height, width

    @property
    def taps(self) -> list[tuple[int, int]]:
        return list(itertools.product(range(self.side), range(self.side)))


def depthwise(
    x: Float[Array, "B H W C"], kernel: Float[Array, "k k 1 C"], stride: int, around: Margins
) -> Float[Array, "B h w C"]:
    """Returns each channel convolved by itself.

    Args:
      x: Images.
      kernel: One filter a channel.
      stride: Distance of two neighboring windows in pixels.
      around: Pixels of zeros around the images.
    """
    geometry = _Geometry("outcome", (x.shape[1], x.shape[2]), len(kernel), stride, around)
    return _product.bind(x, kernel, geometry=geometry)


def _compute(a: Array, b: Array, *, geometry: _Geometry) -> Array:
    """Returns what is wanted of the two others, in the order image, kernel, outcome."""
    match geometry.wanted:
        case "outcome":
            return _outcome(a, b, geometry)
        case "image":
            return _image(a, b, geometry)
        case "kernel":
            return _kernel(a, b, geometry)


def _outcome(x: Array, kernel: Array, geometry: _Geometry) -> Array:
    taps, shifted = geometry.taps, _shifted(x, geometry)
    first, *others = (image * kernel[tap] for tap, image in zip(taps, shifted, strict=True))
    return sum(others, start=first)


def _image(kernel: Array, y: Array, geometry: _Geometry) -> Array:
    """Pixel ``q * stride + phase``, padding counted, meets the taps ``m * stride + phase``."""
    stride, side = geometry.stride, geometry.side
    padded = [size + sum(m) for size, m in zip(geometry.size, geometry.around, strict=True)]
    rows, columns = (-(-size // stride) for size in padded)
    reach = -(-side // stride) - 1
    height, width = y.shape[1:3]
    y = jnp.pad(y, [(0, 0), (reach, rows - height), (reach, columns - width), (0, 0)])
    y = lax.optimization_barrier(y)

    def phase(a: int, b: int) -> Array:
        terms = [
            y[:, reach - m : reach - m + rows, reach - n : reach - n + columns]
            * kernel[m * stride + a, n * stride + b]
            for m in range(reach + 1)
            for n in range(reach + 1)
            if m * stride + a < side and n * stride + b < side
        ]
        return sum(terms, start=jnp.zeros((len(y), rows, columns, y.shape[3]), y.dtype))

    if stride == 1:
        whole = phase(0, 0)
    else:
        phases = [jnp.stack([phase(a, b) for b in range(stride)], 3) for a in range(stride)]
        whole = jnp.stack(phases, 2).reshape(len(y), rows * stride, columns * stride, -1)
    (top, _), (left, _) = geometry.around
    return whole[:, top : top + geometry.size[0], left : left + geometry.size[1]]


def _kernel(x: Array, y: Array, geometry: _Geometry) -> Array:
    shares = math.gcd(len(x), _SHARES)
    wide = jnp.promote_types(x.dtype, jnp.float32)
    products = [
        (image * y).astype(wide).reshape(shares, -1, *y.shape[1:])
        for image in _shifted(x, geometry)
    ]
    sums = lax.reduce(products, [np.zeros((), wide)] * len(products), _add_each, (1, 2, 3))
    kernel = jnp.stack([total.sum(0) for total in sums]).astype(x.dtype)
    return kernel.reshape(geometry.side, geometry.side, 1, -1)


def _add_each(some: Sequence[Array], others: Sequence[Array]) -> list[Array]:
    return [a + b for a, b in zip(some, others, strict=True)]


def _shifted(x: Array, geometry: _Geometry) -> list[Array]:
    """Returns for each tap what it meets of the images."""
    padded = lax.optimization_barrier(jnp.pad(x, [(0, 0), *geometry.around, (0, 0)]))
    height, width = ((size - 1) * geometry.stride + 1 for size in geometry.outcome)
    step = geometry.stride
    return [padded[:, i : i + height : step, j : j + width : step] for i, j in geometry.taps]


def _shape(a: Any, b: Any, *, geometry: _Geometry) -> Any:
    image, side = a if geometry.wanted != "image" else b, geometry.side
    batch, channels = image.shape[0], image.shape[3]
    shapes = {
        "outcome": (batch, *geometry.outcome, channels),
        "image": (batch, *geometry.size, channels),
        "kernel": (side, side, 1, channels),
    }
    return jax.core.ShapedArray(shapes[geometry.wanted], a.dtype)


def _transpose_first(cotangent: Any, a: Any, b: Any, *, geometry: _Geometry) -> Any:
    """Returns the first argument that ``cotangent``, in the place of what was wanted, asks for."""
    match geometry.wanted:
        case "outcome":
            return _product.bind(b, cotangent, geometry=geometry.of("image"))
        case "image":
            return _product.bind(cotangent, b, geometry=geometry.of("kernel"))
        case "kernel":
            return _product.bind(cotangent, b, geometry=geometry.of("image"))


def _transpose_second(cotangent: Any, a: Any, b: Any, *, geometry: _Geometry) -> Any:
    match geometry.wanted:
        case "outcome":
            return _product.bind(a, cotangent, geometry=geometry.of("kernel"))
        case "image":
            return _product.bind(cotangent, a, geometry=geometry.of("outcome"))
        case "kernel":
            return _product.bind(a, cotangent, geometry=geometry.of("outcome"))


def _batch(arguments: Any, axes: Any, *, geometry: _Geometry) -> Any:
    """Takes the mapped axis as more channels: they are the last axis of all three."""
    count = next(x.shape[axis] for x, axis in zip(arguments, axes, strict=True) if axis is not None)
    folded = []
    for x, axis in zip(arguments, axes, strict=True):
        if axis is None:
            x = jnp.broadcast_to(x[..., None, :], (*x.shape[:-1], count, x.shape[-1]))
        else:
            x = jnp.moveaxis(x, axis, -2)
        folded.append(x.reshape(*x.shape[:-2], -1))
    wanted = _product.bind(*folded, geometry=geometry)
    return wanted.reshape(*wanted.shape[:-1], count, -1), wanted.ndim - 1


_product = Primitive("depthwise")
_product.def_impl(jax.jit(_compute, static_argnames="geometry"))
_product.def_abstract_eval(_shape)
ad.defbilinear(_product, _transpose_first, _transpose_second)
batching.primitive_batchers[_product] = _batch
mlir.register_lowering(_product, mlir.lower_fun(_compute, multiple_results=False))
