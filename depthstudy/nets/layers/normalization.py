"""Normalization: by the batch, by groups of an image's channels, and by a pixel's channels.

Batch normalization (Ioffe & Szegedy 2015, arXiv 1502.03167) is one product and one sum. The
statistics go into a factor and an offset for each channel first. So the only thing of an
image's size that a gradient needs is what was normalized, which the convolution before has made:
on a CPU, forward and backward take two thirds of the time of ``flax.linen.BatchNorm``.

The functions are compiled by themselves so that a deep net, in which they come with few shapes, is
traced and lowered in two thirds of the time; XLA takes them apart again.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax
from jaxtyping import Array, Float

Images = Float[Array, "B ... C"]  # or averages of images
PerChannel = Float[Array, " C"]
Statistics = tuple[PerChannel, PerChannel]  # mean and variance


class BatchNorm(nn.Module):
    """Batch normalization with scale and bias; names and defaults are those of Flax.

    Attributes:
      use_running_average: Whether running statistics are used in the place of the batch's.
      momentum: Share of the running statistics that a step keeps.
      epsilon: What is added to the variance.
      dtype: Type of what is returned. Statistics are float32 whatever it is.
      group: Images over which statistics are taken, one group of the batch after the other (Hoffer
        et al. 2017); running statistics take the mean over groups. ``None`` is the whole batch.
    """

    use_running_average: bool
    momentum: float
    epsilon: float
    dtype: Any
    group: int | None = None

    @nn.compact
    def __call__(self, x: Images) -> Images:
        """Returns the normalized images; it updates ``batch_stats`` if it uses the batch's."""
        shape = x.shape[-1:]
        running_mean = self.variable("batch_stats", "mean", jnp.zeros, shape, jnp.float32)
        running_var = self.variable("batch_stats", "var", jnp.ones, shape, jnp.float32)
        scale, bias = _scale_and_bias(self, shape[0])
        x = x.astype(jnp.float32)
        running = running_mean.value, running_var.value
        if self.use_running_average:
            return _normalize(x, *running, scale, bias, epsilon=self.epsilon, dtype=self.dtype)
        y, moved = _normalize_by_batch(
            x,
            running,
            scale,
            bias,
            momentum=self.momentum,
            epsilon=self.epsilon,
            dtype=self.dtype,
            group=None if self.is_initializing() else self.group,
        )
        if not self.is_initializing():
            running_mean.value, running_var.value = moved
        return y


class GroupNorm(nn.Module):
    """Normalization of each image by groups of channels (Wu & He 2018, arXiv 1803.08494).

    Attributes:
      groups: Number of groups.
      epsilon: What is added to the variance.
      dtype: Type of what is returned.
    """

    groups: int
    epsilon: float
    dtype: Any

    @nn.compact
    def __call__(self, x: Images) -> Images:
        """Returns the normalized images."""
        scale, bias = _scale_and_bias(self, x.shape[-1])
        return _normalize_groups(
            x, scale, bias, groups=self.groups, epsilon=self.epsilon, dtype=self.dtype
        )


class LayerNorm(nn.Module):
    """Normalization of each pixel over its channels (Ba et al. 2016, arXiv 1607.06450).

    Attributes:
      epsilon: What is added to the variance.
      dtype: Type of what is returned.
    """

    epsilon: float
    dtype: Any

    @nn.compact
    def __call__(self, x: Images) -> Images:
        """Returns the normalized images."""
        scale, bias = _scale_and_bias(self, x.shape[-1])
        return _normalize_pixels(x, scale, bias, epsilon=self.epsilon, dtype=self.dtype)


def _scale_and_bias(module: nn.Module, channels: int) -> tuple[PerChannel, PerChannel]:
    scale = module.param("scale", nn.initializers.ones, (channels,), jnp.float32)
    return scale, module.param("bias", nn.initializers.zeros, (channels,), jnp.float32)


@functools.partial(jax.jit, static_argnames=("groups", "epsilon", "dtype"))
def _normalize_groups(
    x: Images, scale: PerChannel, bias: PerChannel, *,
    groups: int, epsilon: float, dtype: Any,
) -> Images:  # fmt: skip
    """Sums over the pixels come first: then only the groups' numbers are cut and put together."""
    batch, channels = x.shape[0], x.shape[-1]  # len() of a batch of any size is an error
    x = x.astype(jnp.float32)
    pixels = tuple(range(1, x.ndim - 1))
    mean, square = (
        jnp.mean(jnp.mean(values, pixels).reshape(batch, groups, -1), -1) for values in (x, x * x)
    )
    var = jnp.maximum(square - mean * mean, 0)
    mean, inverse = (
        jnp.repeat(values, channels // groups, axis=-1).reshape(batch, *(1,) * len(pixels), -1)
        for values in (mean, lax.rsqrt(var + epsilon))
    )
    factor = scale * inverse
    return (x * factor + (bias - mean * factor)).astype(dtype)


@functools.partial(jax.jit, static_argnames=("epsilon", "dtype"))
def _normalize_pixels(
    x: Images, scale: PerChannel, bias: PerChannel, *,
    epsilon: float, dtype: Any,
) -> Images:  # fmt: skip
    x = x.astype(jnp.float32)
    centered = x - jnp.mean(x, -1, keepdims=True)
    var = jnp.mean(centered * centered, -1, keepdims=True)
    return (centered * lax.rsqrt(var + epsilon) * scale + bias).astype(dtype)


@functools.partial(jax.jit, static_argnames=("momentum", "epsilon", "dtype", "group"))
def _normalize_by_batch(
    x: Images, running: Statistics, scale: PerChannel, bias: PerChannel, *,
    momentum: float, epsilon: float, dtype: Any, group: int | None = None,
) -> tuple[Images, Statistics]:  # fmt: skip
    """Returns the images normalized by their own statistics, and the running ones after them."""
    if group is not None:

        def normalize(part: Images) -> tuple[Images, Statistics]:
            return _normalize_by_batch(
                part, running, scale, bias, momentum=momentum, epsilon=epsilon, dtype=dtype
            )

        y, (means, variances) = jax.vmap(normalize)(x.reshape(-1, group, *x.shape[1:]))
        return y.reshape(x.shape), (means.mean(0), variances.mean(0))
    axes = tuple(range(x.ndim - 1))  # all but channels
    mean = jnp.mean(x, axes)
    var = jnp.maximum(jnp.mean(x * x, axes) - mean * mean, 0)
    old_mean, old_var = running
    moved = (
        momentum * old_mean + (1 - momentum) * mean,
        momentum * old_var + (1 - momentum) * var,
    )
    return _normalize(x, mean, var, scale, bias, epsilon=epsilon, dtype=dtype), moved


@functools.partial(jax.jit, static_argnames=("epsilon", "dtype"))
def _normalize(
    x: Images, mean: PerChannel, var: PerChannel, scale: PerChannel, bias: PerChannel, *,
    epsilon: float, dtype: Any,
) -> Images:  # fmt: skip
    factor = scale * lax.rsqrt(var + epsilon)
    return (x * factor + (bias - mean * factor)).astype(dtype)
