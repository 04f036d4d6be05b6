"""How kernels start: by He et al. 2015, or so that a deep plain net passes signals undistorted."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Float

from depthstudy.arch.layer_types import Init

Initializer = nn.initializers.Initializer

_LEAST, _MOST = 4**5, 4**10  # numbers that are drawn at a time, in powers of four
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
            return _scaled(_normal, 2.0 * groups * init.scale**2, _fan_out)
        case "orthogonal":
            return _grouped(nn.initializers.orthogonal(_RECTIFIED * init.scale), groups)
        case "delta_orthogonal":
            return _grouped(_delta_orthogonal(_RECTIFIED * init.scale), groups)
        case "looks_linear":
            return _mirrored(_delta_orthogonal(init.scale), inputs=not init.first, outputs=True)
        case "fan_in":
            return _scaled(_normal, init.scale**2, _fan_in)
        case "glorot":
            return _grouped(_scaled(_uniform, 3 * init.scale**2, _mean_fan), groups)


def dense_init(init: Init) -> Initializer:
    """Returns the initializer of a dense layer's kernel ``[I, O]``, on which ``scale`` has no say.

    Uniform in +-1/sqrt(fan-in), the usual start of a classifier; ``"looks_linear"`` mirrors it.
    """
    uniform = _scaled(_uniform, 1, _fan_in)
    return (
        _mirrored(uniform, inputs=True, outputs=False) if init.kind == "looks_linear" else uniform
    )


def _scaled(
    draws: Callable[[jax.Array, int], Array],
    scale: float,
    fan: Callable[[Sequence[int]], float],
) -> Initializer:
    """Returns an initializer that multiplies draws by the root of ``scale / fan``.

    It gives the numbers of ``nn.initializers.variance_scaling``, which are compiled for each shape,
    most of a second each. As JAX numbers its draws, those of a kernel are the first of many: of so
    many that a few programs do for all kernels.
    """

    def draw(key: jax.Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        count = math.prod(shape)
        power = _LEAST
        while power < count:
            power *= 4
        flat = draws(key, power if power <= _MOST else count)
        return _first(flat * np.sqrt(np.float32(scale / fan(shape))), tuple(shape)).astype(dtype)

    return draw


@functools.partial(jax.jit, static_argnums=1)
def _normal(key: jax.Array, count: int) -> Float[Array, " count"]:
    return jax.random.normal(key, (count,))


@functools.partial(jax.jit, static_argnums=1)
def _uniform(key: jax.Array, count: int) -> Float[Array, " count"]:
    return jax.random.uniform(key, (count,), minval=-1.0)


@functools.partial(jax.jit, static_argnums=1)
def _first(flat: Float[Array, " count"], shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    return flat[: math.prod(shape)].reshape(shape)


def _fan_in(shape: Sequence[int]) -> float:
    return math.prod(shape[:-1])


def _fan_out(shape: Sequence[int]) -> float:
    return math.prod(shape[:-2]) * shape[-1]


def _mean_fan(shape: Sequence[int]) -> float:
    return (_fan_in(shape) + _fan_out(shape)) / 2


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
