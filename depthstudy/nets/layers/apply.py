"""Applies layers: those with parameters become submodules of the module that calls."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array

from depthstudy.arch import layer_types as words
from depthstudy.arch.rounding import norm_groups
from depthstudy.nets.convolution import Conv
from depthstudy.nets.layers.initialization import dense_init, kernel_init
from depthstudy.nets.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from depthstudy.nets.layers.stateless import ACTIVATIONS, apply_stateless


@dataclasses.dataclass(frozen=True)
class Compute:
    """How a net computes.

    Attributes:
      dtype: The type.
      platform: What it runs on, as ``"cpu"``.
      rematerialize: Whether what blocks compute is computed again for gradients, and not kept.
      statistics_images: Images over which a batch is normalized; ``None`` is all of it.
    """

    dtype: Any
    platform: str
    rematerialize: bool = False
    statistics_images: int | None = None


def run_layers(layers: words.Layers, x: Array, train: bool, compute: Compute) -> Array:
    """Returns what layers, one after the other, make of images; call it in a compact module."""
    for layer in layers:
        x = _apply_layer(layer, x, train, compute)
    return x


def _apply_layer(layer: words.Layer, x: Array, train: bool, compute: Compute) -> Array:
    """Applies one layer; those with parameters become submodules of the module that calls."""
    match layer:
        case words.Conv():
            return _conv(layer, compute)(x)
        case words.BatchNorm():
            return BatchNorm(
                not train,
                layer.momentum,
                layer.epsilon,
                compute.dtype,
                compute.statistics_images,
                name=layer.name,
            )(x)
        case words.GroupNorm():
            groups = norm_groups(x.shape[-1])
            return GroupNorm(groups, layer.epsilon, compute.dtype, name=layer.name)(x)
        case words.LayerNorm():
            return LayerNorm(layer.epsilon, compute.dtype, name=layer.name)(x)
        case words.SqueezeExcite():
            return _Gate(layer, compute, name=layer.name)(x)
        case words.Scale():
            return _Scale((), 0.0, name=layer.name)(x)
        case words.LayerScale():
            return _Scale(x.shape[-1:], layer.start, name=layer.name)(x)
        case words.Parallel():
            first, *others = [run_layers(path, x, train, compute) for path in layer.paths]
            return sum(others, start=first)
        case words.Dropout():
            return nn.Dropout(layer.rate, deterministic=not train)(x)
        case words.StochasticDepth():
            return nn.Dropout(layer.rate, broadcast_dims=(1, 2, 3), deterministic=not train)(x)
        case words.Dense():
            return nn.Dense(
                layer.features,
                kernel_init=dense_init(layer.init),
                dtype=jnp.float32,
                name=layer.name,
            )(x.reshape(x.shape[0], -1))
        case _:
            return apply_stateless(layer, x)


class _Scale(nn.Module):
    shape: tuple[int, ...]
    start: float

    @nn.compact
    def __call__(self, x: Array) -> Array:
        start = nn.initializers.constant(self.start)
        return x * self.param("scale", start, self.shape).astype(x.dtype)


class _Gate(nn.Module):
    layer: words.SqueezeExcite
    compute: Compute

    @nn.compact
    def __call__(self, x: Array) -> Array:
        mean = jnp.mean(x, axis=(1, 2), keepdims=True, dtype=jnp.float32)
        inside = _conv(self.layer.reduce, self.compute)(mean)
        inside = ACTIVATIONS[self.layer.activation](inside)
        return x * ACTIVATIONS[self.layer.gate](_conv(self.layer.expand, self.compute)(inside))


def _conv(layer: words.Conv, compute: Compute) -> Conv:
    return Conv(
        layer.filters,
        layer.kernel,
        layer.stride,
        layer.bias,
        compute.dtype,
        kernel_init(layer.init, layer.groups),
        layer.groups,
        layer.padding,
        compute.platform,
        nn.initializers.constant(layer.init.bias) if layer.init.bias else nn.initializers.zeros,
        name=layer.name,
    )
