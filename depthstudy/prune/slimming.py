"""The sparsity penalty of network slimming, as an optax transformation.

Liu et al. 2017, "Learning Efficient Convolutional Networks through Network Slimming"
(arXiv 1708.06519).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from depthstudy.errors import InputError
from depthstudy.nets import stacked_axes

_LAYER_SCALE = "layer_scale"  # of ConvNeXt: what a block's branch is multiplied with


def scale_penalty(strength: float) -> optax.GradientTransformation:
    """Returns the transformation that adds the gradient of the scales' L1 norm, ``strength`` times.

    It comes first in a chain, as if the penalty were part of the loss; at zero the subgradient is
    zero. Only scales of normalization are penalized.

    Raises:
      InputError: ``strength`` is below 0.
    """
    if strength < 0:
        raise InputError(f"strength of the penalty must be at least 0, it is {strength}")

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        if params is None:
            raise ValueError("scale_penalty needs params")

        def pulled(path: Any, gradient: jax.Array, weight: jax.Array) -> jax.Array:
            names = tuple(entry.key for entry in path)
            is_number = weight.ndim == stacked_axes(names)  # as the factor of a branch is
            if names[-1] != "scale" or is_number or _LAYER_SCALE in names:
                return gradient
            return gradient + strength * jnp.sign(weight).astype(gradient.dtype)

        return jax.tree_util.tree_map_with_path(pulled, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
