"""Layers with neither parameters nor randomness, as functions of images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax
from jaxtyping import Array, Float

from depthstudy.arch import layer_types as words
from depthstudy.arch.windows import window_padding
from depthstudy.nets.convolution.geometry import PaddingPixels
from depthstudy.nets.layers.pooling import max_pool


def _gelu(x: Array) -> Array:
    """Returns ``x`` times the normal distribution's share below it (Hendrycks & Gimpel 2016).

    ``jax.nn.gelu`` has it by ``erfc``, which on a CPU takes twice as long as ``erf`` and differs by
    some 1e-7. Half types are computed in float32.
    """
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    return (wide * (0.5 + 0.5 * lax.erf(wide * math.sqrt(0.5)))).astype(x.dtype)


ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "gelu": _gelu,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "hard_swish": jax.nn.hard_swish,
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
}


def apply_stateless(layer: words.Layer, x: Float[Array, "B ..."]) -> Array:
    """Returns what ``layer`` makes of the images, or of features ``[B, F]`` if it is an activation.

    Raises:
      TypeError: The layer has parameters or is random.
    """
    match layer:
        case words.Activation():
            return ACTIVATIONS[layer.kind](x)
        case words.MaxPool():
            return max_pool(x, (layer.window,) * 2, (layer.stride,) * 2, _padding(layer, x))
        case words.AveragePool():
            return nn.avg_pool(
                x,
                (layer.window,) * 2,
                (layer.stride,) * 2,
                _padding(layer, x),
                count_include_pad=layer.padding == "torch",
            )
        case words.ZeroPad():
            x = x[:, :: layer.stride, :: layer.stride]
            return jnp.pad(x, [(0, 0)] * 3 + [(0, layer.filters - x.shape[-1])])
        case words.Take():
            return x[..., layer.start : layer.stop]
        case words.ChannelShuffle():
            dealt = x.reshape(*x.shape[:3], layer.groups, -1)
            return dealt.swapaxes(3, 4).reshape(x.shape)
        case words.GlobalMean():
            return jnp.mean(x, axis=(1, 2), dtype=jnp.float32)
        case words.AdaptiveMean():
            height, width = (_shares(size, layer.side) for size in x.shape[1:3])
            return jnp.einsum("bhwc,ih,jw->bijc", x.astype(jnp.float32), height, width)
    raise TypeError(f"not a stateless layer: {layer}")


def _padding(layer: words.MaxPool | words.AveragePool, x: Array) -> PaddingPixels:
    down, across = (
        window_padding(size, layer.window, layer.stride, layer.padding) for size in x.shape[1:3]
    )
    return down, across


def _shares(size: int, side: int) -> np.ndarray:
    """Returns ``shares[side, size]``: what part each pixel has in each average along an axis.

    As in PyTorch, the ranges of pixels overlap where ``side`` does not divide ``size``.
    """
    shares = np.zeros((side, size), np.float32)
    for i in range(side):
        start, stop = i * size // side, -(-(i + 1) * size // side)
        shares[i, start:stop] = 1 / (stop - start)
    return shares
