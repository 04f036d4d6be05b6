"""How kernels start: by He et al. 2015, or so that a deep plain net passes signals undistorted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from depthstudy.arch.layer_types import Init

Initializer = nn.initializers.Initializer

_RECTIFIED = math.sqrt(2)  # makes up for the half of a signal that a rectifier stops (He 2015)


def kernel_init(init: Init, groups: int = 1) -> Initializer:
    """Returns the initializer of a convolution's kernel ``[k, k, c, F]``.

    ``"he"`` is normal with variance 2 / fan-out, which keeps the norm of gradients on the way back
    (He et al. 2015, arXiv 1502.01852); a channel goes into the filters of its own group only.

    ``"orthogonal"`` (Saxe et al. 2014, arXiv 1312.6120): the kernel as a matrix of ``k k c`` rows
    has orthogonal columns, or orthogonal rows where it has fewer of them.

    ``"delta_orthogonal"`` (Xiao et al. 2018, arXiv 1806.05393): an orthogonal matrix at the center,
    zeros around it. From fewer channels to more the convolution keeps the norm of what passes,
    from more to fewer that of gradients. Kernels of groups are orthogonal each by itself; so a
    depthwise kernel has one number at its center, and the sign is random.

    ``"looks_linear"`` (Balduzzi et al. 2017, arXiv 1702.08591): ``[[W, -W], [-W, W]]`` over the
    halves of the channels, ``[W, -W]`` if ``init.first``, with ``W`` delta-orthogonal. As
    ``relu(x) - relu(-x) = x``, a plain net is a linear one, and an isometry.

    All of these but the last have a gain of ``sqrt(2)``, for rectifiers. Pyramids and heads of
    detectors have ``"glorot"`` (uniform, Glorot & Bengio 2010) and ``"fan_in"`` (normal with
    variance 1 / fan-in), whose gain is 1. ``init.scale`` multiplies it.
    """
    match init.kind:
        case "he":
            return nn.initializers.variance_scaling(
                2.0 * groups * init.scale**2, "fan_out", "normal"
            )
        case "orthogonal":
            return _grouped(nn.initializers.orthogonal(_RECTIFIED * init.scale), groups)
        case "delta_orthogonal":
            return _grouped(_delta_orthogonal(_RECTIFIED * init.scale), groups)
        case "looks_linear":
            return _mirrored(_delta_orthogonal(init.scale), inputs=not init.first, outputs=True)
        case "fan_in":
            return nn.initializers.variance_scaling(init.scale**2, "fan_in", "normal")
        case "glorot":
            uniform = nn.initializers.variance_scaling(init.scale**2, "fan_avg", "uniform")
            return _grouped(uniform, groups)


def dense_init(init: Init) -> Initializer:
    """Returns the initializer of a dense layer's kernel ``[I, O]``, on which ``scale`` has no say.

    Uniform in +-1/sqrt(fan-in), the usual start of a classifier; ``"looks_linear"`` mirrors it.
    """
    uniform = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")
    return (
        _mirrored(uniform, inputs=True, outputs=False) if init.kind == "looks_linear" else uniform
    )


def _delta_orthogonal(gain: float) -> Initializer:
    orthogonal = nn.initializers.orthogonal(gain)

    def draw(key: jax.Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        side, _, channels, filters = shape
        center = orthogonal(key, (channels, filters), dtype)
        return jnp.zeros(shape, dtype).at[side // 2, side // 2].set(center)

    return draw


def _grouped(initializer: Initializer, groups: int) -> Initializer:
    """Returns an initializer that draws the kernel of each group by itself."""

    def draw(key: jax.Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        group_shape = (*shape[:-1], shape[-1] // groups)
        kernels = jax.vmap(lambda key: initializer(key, group_shape, dtype))(
            jax.random.split(key, groups)
        )
        return jnp.moveaxis(kernels, 0, -2).reshape(shape)

    return draw if groups > 1 else initializer


def _mirrored(initializer: Initializer, *, inputs: bool, outputs: bool) -> Initializer:
    """Returns an initializer that draws half of the channels; the others get its negative."""

    def draw(key: jax.Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        *window, channels, filters = shape
        half = (*window, channels // (1 + inputs), filters // (1 + outputs))
        kernel: Float[Array, "*window c f"] = initializer(key, half, dtype)
        kernel = jnp.concatenate([kernel, -kernel], axis=-1) if outputs else kernel
        return jnp.concatenate([kernel, -kernel], axis=-2) if inputs else kernel

    return draw
