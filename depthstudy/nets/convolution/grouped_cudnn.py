"""A convolution with groups in the form at which cuDNN is fast.

cuDNN convolves groups at once if they have as many channels as filters, 16, 32 or 64, and no
stride. Others it cuts out and convolves one after the other: at the first convolution of a stage of
ResNet, for eight nets, that takes two to five times as long.
"""

from __future__ import annotations

import functools
import math

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from depthstudy.nets.convolution.geometry import Convolution, Geometry, Pair
from depthstudy.nets.convolution.methods import xla

_SIDES = (16, 32, 64)
_MOST = 4  # parts, as a stride of two has; more have not been timed


def fast_with_groups(geometry: Geometry, channels: int, filters: int) -> Convolution:
    """Returns the formulation that is fast on a GPU for groups of so many channels and filters."""
    square = channels == filters and geometry.stride == (1, 1)
    fits = filters in _SIDES and geometry.dilation == (1, 1)
    few = channels * math.prod(_blocks(geometry)[0]) <= _MOST * filters
    return sum_of_square_groups if geometry.groups > 1 and fits and few and not square else xla


def sum_of_square_groups(
    x: Float[Array, "B H W C"], w: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution as a sum of some with as many channels as filters, and no stride.

    The pixels of a stride become channels of one pixel, and channels that are missing are zeros.
    Each part is rounded to the type of the images. There is no dilation.
    """
    assert geometry.dilation == (1, 1)
    x, w = _images_of_blocks(x, geometry), _kernel_of_blocks(w, geometry)
    unstrided = Geometry(
        image_size=(x.shape[1], x.shape[2]),
        kernel_size=(w.shape[0], w.shape[1]),
        stride=(1, 1),
        padding=((0, 0), (0, 0)),
        groups=geometry.groups,
    )
    filters = w.shape[-1] // geometry.groups
    parts = zip(_parts(x, filters, 4), _parts(w, filters, 2), strict=True)
    return functools.reduce(jnp.add, (xla(lax.collapse(a, 3), b, unstrided) for a, b in parts))


def _blocks(geometry: Geometry) -> tuple[Pair, Pair]:
    """Returns the size in pixels of what a kernel sees of a block, and how many it joins.

    A block is as many pixels as the stride.
    """
    (tall, wide), (down, across) = geometry.kernel_size, geometry.stride
    return (min(tall, down), min(wide, across)), (-(-tall // down), -(-wide // across))


def _images_of_blocks(
    x: Float[Array, "B H W C"], geometry: Geometry
) -> Float[Array, "B h w groups c"]:
    """Returns the images with the pixels of a block as one."""
    (tall, wide), joined = _blocks(geometry)
    sizes = [
        (output - 1 + count) * stride
        for output, count, stride in zip(geometry.output_size, joined, geometry.stride, strict=True)
    ]
    padding = [
        (before, size - inside - before)
        for (before, _), size, inside in zip(
            geometry.padding, sizes, geometry.image_size, strict=True
        )
    ]
    x = _widened(x, (0, 0), *padding, (0, 0))
    (B, H, W, C), (down, across) = x.shape, geometry.stride
    x = x.reshape(B, H // down, down, W // across, across, geometry.groups, C // geometry.groups)[
        :, :, :tall, :, :wide
    ]
    return lax.collapse(x.transpose(0, 1, 3, 5, 2, 4, 6), 4)


def _kernel_of_blocks(
    w: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "rows columns more F"]:
    """Returns the kernel for such images."""
    (tall, wide), (rows, columns) = _blocks(geometry)
    missing = rows * tall - w.shape[0], columns * wide - w.shape[1]
    w = _widened(w, (0, missing[0]), (0, missing[1]), (0, 0), (0, 0))
    w = w.reshape(rows, tall, columns, wide, *w.shape[2:])
    return lax.collapse(w.transpose(0, 2, 1, 3, 4, 5), 2, 5)


def _parts(x: Array, size: int, axis: int) -> list[Array]:
    """Returns parts of ``size`` along an axis, the last of which ends with zeros."""
    missing = [(0, -length % size if i == axis else 0) for i, length in enumerate(x.shape)]
    x = _widened(x, *missing)
    return jnp.split(x, x.shape[axis] // size, axis)


def _widened(x: Array, *by: Pair) -> Array:
    """Returns ``x`` with zeros before and behind along each axis; less than none takes away."""
    return lax.pad(x, jnp.zeros((), x.dtype), [(*pair, 0) for pair in by])
