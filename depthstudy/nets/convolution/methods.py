"""Ways to compute a convolution out of what XLA has. All take images, kernel and geometry."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from depthstudy.nets.convolution.geometry import Geometry, window_pixels


def xla(
    x: Float[Array, "B H W C"], kernel: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution as XLA does it."""
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=geometry.stride,
        padding=geometry.padding,
        rhs_dilation=geometry.dilation,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=geometry.groups,
    )


def pointwise_matmul(
    x: Float[Array, "B H W C"], kernel: Float[Array, "1 1 C F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution by a kernel of single pixels as one product of matrices."""
    assert geometry.groups == 1
    assert geometry.padding == ((0, 0), (0, 0))
    down, across = geometry.stride
    x = x[:, ::down, ::across]
    product = x.reshape(-1, x.shape[-1]) @ kernel[0, 0]
    return product.reshape(*x.shape[:3], -1)


def im2col(
    x: Float[Array, "B H W C"], kernel: Float[Array, "k l C F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution as one product of all windows' pixels with the kernel."""
    assert geometry.groups == 1
    assert geometry.dilation == (1, 1)
    pixels = window_pixels(x, geometry.kernel_size, geometry.stride, geometry.padding)
    patches = jnp.concatenate(pixels, axis=-1)
    filters = kernel.shape[-1]
    product = patches.reshape(-1, patches.shape[-1]) @ kernel.reshape(-1, filters)
    return product.reshape(*patches.shape[:3], filters)


def per_group(
    x: Float[Array, "B H W C"], kernel: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution as one of each group, side by side."""
    groups = geometry.groups
    single = dataclasses.replace(geometry, groups=1)
    parts = zip(jnp.split(x, groups, axis=-1), jnp.split(kernel, groups, axis=-1), strict=True)
    method = pointwise_matmul if geometry.kernel_size == (1, 1) else xla
    return jnp.concatenate([method(*part, single) for part in parts], axis=-1)
