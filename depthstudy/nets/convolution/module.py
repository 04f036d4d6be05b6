"""Convolution: one operation, formulated as suits the platform and the shape.

XLA's convolution for the CPU falls apart on images of a few pixels, which every net has in its last
stage when its input is small: for 2x2 pixels and 512 channels it takes 40 times as long as the same
products as one matrix product. It is slow for single pixels, for groups and most of all for
channels by themselves. TPU and GPU get XLA's own, on a GPU by a primitive that can be mapped over
nets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from depthstudy.arch.layer_types import window_padding
from depthstudy.arch.spec import Padding
from depthstudy.nets.convolution import native, primitive
from depthstudy.nets.convolution.depthwise import depthwise
from depthstudy.nets.convolution.geometry import (
    Geometry,
    Margins,
    by_xla,
    window_pixels,
)

Shape = tuple[int, ...]
Formulation = Callable[[Array, Array, int, Margins, int], Array]

_TINY = 4  # pixels of an output up to which the CPU is faster with patches


class Conv(nn.Module):
    """Square convolution of images; ``padding`` is as in ``arch.ArchSpec``."""

    filters: int
    kernel: int
    stride: int
    use_bias: bool
    dtype: Any
    kernel_init: nn.initializers.Initializer
    groups: int = 1
    padding: Padding = "torch"

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B h w F"]:
        """Returns the convolved images, in ``dtype``."""
        shape = (self.kernel, self.kernel, x.shape[-1] // self.groups, self.filters)
        kernel = self.param("kernel", self.kernel_init, shape)
        y = convolve(
            x.astype(self.dtype),
            kernel.astype(self.dtype),
            self.stride,
            groups=self.groups,
            padding=self.padding,
        )
        if self.use_bias:
            y += self.param("bias", nn.initializers.zeros, (self.filters,)).astype(self.dtype)
        return y


def convolve(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "k k c F"],
    stride: int,
    *,
    groups: int = 1,
    padding: Padding = "torch",
) -> Float[Array, "B h w F"]:
    """Returns the convolution, in the formulation that is fast here.

    Args:
      x: Images.
      kernel: Its ``c`` is the number of channels of one group.
      stride: Distance of two neighboring windows in pixels.
      groups: Equal parts of the channels, each convolved by itself to as many filters.
      padding: As in ``arch.ArchSpec``.
    """
    side = kernel.shape[0]
    around = (
        window_padding(x.shape[1], side, stride, padding),
        window_padding(x.shape[2], side, stride, padding),
    )
    geometry = _geometry(x, kernel, stride, around, groups)
    by_library = native.serves(x, kernel) and not _is_mostly_kernel(x, kernel, geometry)
    if not _is_cut(x, kernel) and (jax.default_backend() == "gpu" or by_library):
        return primitive.convolve(x, kernel, geometry)
    formulation = choose(x.shape, kernel.shape, stride, around, groups)
    return formulation(x, kernel, stride, around, groups)


def _geometry(x: Array, kernel: Array, stride: int, around: Margins, groups: int) -> Geometry:
    image, window = (x.shape[1], x.shape[2]), (kernel.shape[0], kernel.shape[1])
    return Geometry(image, window, (stride, stride), around, groups=groups)


def _is_cut(*operands: Array) -> bool:
    """Returns whether arrays are cut over devices by their type, which is left to XLA."""
    return any(part for x in operands for part in jax.typeof(x).sharding.spec)


def _is_mostly_kernel(x: Array, kernel: Array, geometry: Geometry) -> bool:
    """Returns whether a kernel of single pixels is larger than images and outputs together.

    oneDNN brings the kernel into an order of its own at each call. For the 2x2 pixels in the last
    stage of a ResNet-50, 32 images of 64x64, that takes longer than the product.
    """
    outputs = len(x) * math.prod(geometry.output) * kernel.shape[-1]
    alone = geometry.kernel == (1, 1) and geometry.groups == 1
    return alone and kernel.size > x.size + outputs


def choose(image: Shape, kernel: Shape, stride: int, around: Margins, groups: int) -> Formulation:
    """Returns the formulation that was measured as the fastest for these shapes where it runs.

    On a CPU of two cores, as shares of the stock convolution's processor time: single pixels 0.8
    to 1 forward, and 1/8 to 1/3 for the kernel's gradient; groups 1/2 to 1/5, and 1/20 to 1/50;
    depthwise 1/20 to 1/40, and 1/8 to 1/30. Dense kernels of 3x3 are fastest as they are, but for
    a few pixels: for 2x2 patches take 1/8, for 8x8 and more twice to thrice as long.

    Args:
      image: Shape of the images.
      kernel: Shape of the kernel.
      stride: As in ``convolve``.
      around: Pixels of zeros around the images.
      groups: As in ``convolve``.
    """
    if jax.default_backend() != "cpu":
        return stock
    if groups == image[-1] == kernel[-1]:
        return by_shifts
    if groups > 1:
        return by_groups
    if kernel[0] == 1:
        return by_pixels
    height, width = (
        (size + sum(margin) - kernel[0]) // stride + 1
        for size, margin in zip(image[1:3], around, strict=True)
    )
    return by_patches if height * width <= _TINY else stock


def stock(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "k k c F"],
    stride: int,
    around: Margins,
    groups: int,
) -> Float[Array, "B h w F"]:
    """Returns the convolution as XLA does it."""
    return by_xla(x, kernel, _geometry(x, kernel, stride, around, groups))


def by_shifts(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "k k 1 C"],
    stride: int,
    around: Margins,
    groups: int,
) -> Float[Array, "B h w C"]:
    """Returns the convolution of each channel by itself, as a sum of shifted products."""
    del groups  # as many as channels
    return depthwise(x, kernel, stride, around)


def by_pixels(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "1 1 C F"],
    stride: int,
    around: Margins,
    groups: int,
) -> Float[Array, "B h w F"]:
    """Returns the convolution of single pixels as one product of matrices."""
    assert groups == 1
    assert around == ((0, 0), (0, 0))
    x = x[:, ::stride, ::stride]
    product = x.reshape(-1, x.shape[-1]) @ kernel[0, 0]
    return product.reshape(*x.shape[:3], -1)


def by_groups(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "k k c F"],
    stride: int,
    around: Margins,
    groups: int,
) -> Float[Array, "B h w F"]:
    """Returns the convolution as one of each group, side by side."""
    parts = zip(jnp.split(x, groups, axis=-1), jnp.split(kernel, groups, axis=-1), strict=True)
    one = by_pixels if kernel.shape[0] == 1 else stock
    return jnp.concatenate([one(*part, stride, around, 1) for part in parts], axis=-1)


def by_patches(
    x: Float[Array, "B H W C"],
    kernel: Float[Array, "k k C F"],
    stride: int,
    around: Margins,
    groups: int,
) -> Float[Array, "B h w F"]:
    """Returns the convolution as one product of all patches with the kernel."""
    assert groups == 1
    side, _, channels, filters = kernel.shape
    pixels = window_pixels(x, (side, side), (stride, stride), around)
    patches = jnp.concatenate(pixels, axis=-1)
    product = patches.reshape(-1, side * side * channels) @ kernel.reshape(-1, filters)
    return product.reshape(*patches.shape[:3], filters)
