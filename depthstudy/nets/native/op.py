"""The convolution and its two transposes as JAX primitives that oneDNN computes on the CPU.

``output(x, w)`` is linear in the images and in the kernel. So are its transposes, and theirs are
again among the three: the family is closed under differentiation of any order, forward or reverse.

Arrays have a leading axis of independent convolutions, to which ``jax.vmap`` adds its own:
images ``x[S, B, H, W, C]``, kernels ``w[S, k, l, C/groups, F]`` and outputs ``y[S, B, h, w, F]``.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental.custom_partitioning import custom_partitioning
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Float

TARGET = "depthstudy_convolution"

Pair = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Geometry:
    """What a convolution is, but for the numbers of images, channels and filters.

    Attributes:
      image: Height and width of the images.
      kernel: Height and width of the kernel.
      stride: Distance of neighbouring windows, down and across.
      around: Rows of zeros above and below, columns left and right; none is negative.
      dilation: Distance of the pixels that a kernel joins, down and across.
      groups: Equal parts of the channels, each convolved by itself to as many filters.
    """

    image: Pair
    kernel: Pair
    stride: Pair
    around: tuple[Pair, Pair]
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def output(self) -> Pair:
        """Height and width of what comes out."""
        down, across = (
            (size + before + behind - dilation * (kernel - 1) - 1) // stride + 1
            for size, kernel, stride, (before, behind), dilation in zip(
                self.image, self.kernel, self.stride, self.around, self.dilation, strict=True
            )
        )
        return down, across


def convolve(
    x: Float[Array, "B H W C"], w: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution of float32 images, on the CPU, with the library loaded."""
    return _output.bind(x[None], w[None], geometry=geometry)[0]


def _shape(kind: str, a: Any, b: Any, geometry: Geometry) -> tuple[int, ...]:
    """Returns the shape of a primitive's result."""
    match kind:
        case "output":
            return (*a.shape[:2], *geometry.output, b.shape[-1])
        case "images":
            return (*a.shape[:2], *geometry.image, b.shape[-2] * geometry.groups)
    return (a.shape[0], *geometry.kernel, a.shape[-1] // geometry.groups, b.shape[-1])


_KINDS = ("output", "images", "kernel")


def _call(kind: str, geometry: Geometry, a: Array, b: Array) -> Array:
    result = jax.ShapeDtypeStruct(_shape(kind, a, b, geometry), a.dtype)
    (top, bottom), (left, right) = geometry.around
    return jax.ffi.ffi_call(TARGET, result)(
        a,
        b,
        kind=np.int64(_KINDS.index(kind)),
        groups=np.int64(geometry.groups),
        stride=np.array(geometry.stride),
        dilation=np.array(geometry.dilation),
        before=np.array((top, left)),
        behind=np.array((bottom, right)),
    )


def _primitive(kind: str) -> Primitive:
    primitive = Primitive(f"native_convolution_{kind}")

    @functools.cache
    def compiled(geometry: Geometry) -> Callable[..., Array]:
        return jax.jit(functools.partial(primitive.bind, geometry=geometry))

    def run(a: Array, b: Array, *, geometry: Geometry) -> Array:
        return compiled(geometry)(a, b)

    def abstract(a: Any, b: Any, *, geometry: Geometry) -> Any:
        return a.update(shape=_shape(kind, a, b, geometry))

    def lower(a: Array, b: Array, *, geometry: Geometry) -> Array:
        return _call(kind, geometry, a, b)

    def batch(args: Any, axes: Any, *, geometry: Geometry) -> tuple[Array, int]:
        (size,) = {x.shape[axis] for x, axis in zip(args, axes, strict=True) if axis is not None}
        a, b = (_merge(x, axis, size) for x, axis in zip(args, axes, strict=True))
        y = primitive.bind(a, b, geometry=geometry)
        return y.reshape(size, -1, *y.shape[1:]), 0

    primitive.def_impl(run)
    primitive.def_abstract_eval(abstract)
    mlir.register_lowering(primitive, mlir.lower_fun(lower, multiple_results=False), "cpu")
    batching.primitive_batchers[primitive] = batch
    return primitive


def _merge(x: Array, axis: int | None, size: int) -> Array:
    """Returns ``x`` with a mapped axis, or ``size`` copies of it, merged into the leading axis."""
    x = jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
    return x.reshape(-1, *x.shape[2:])


_output, _images, _kernel = map(_primitive, _KINDS)

ad.defbilinear(
    _output,
    lambda y, x, w, geometry: _images.bind(y, w, geometry=geometry),
    lambda y, x, w, geometry: _kernel.bind(x, y, geometry=geometry),
)
ad.defbilinear(
    _images,
    lambda x, y, w, geometry: _output.bind(x, w, geometry=geometry),
    lambda x, y, w, geometry: _kernel.bind(x, y, geometry=geometry),
)
ad.defbilinear(
    _kernel,
    lambda w, x, y, geometry: _images.bind(y, w, geometry=geometry),
    lambda w, x, y, geometry: _output.bind(x, w, geometry=geometry),
)
