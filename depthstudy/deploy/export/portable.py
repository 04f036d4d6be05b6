"""A net as one function of gray levels, of operations that every platform has."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from depthstudy import data, nets
from depthstudy.deploy.net import TrainedNet

_PLATFORM = "any"  # of no platform: then convolutions are XLA's own, and there are no barriers


def function(net: TrainedNet) -> Callable[[jax.Array], jax.Array]:
    """Returns images ``[B, H, W, C]`` in gray levels, 0 to 255, to logits ``[B, K]``.

    Mean and deviation are part of it, and the weights are constants of it.
    """
    network = net.network
    if isinstance(network, nets.Network):
        network = network.clone(platform=_PLATFORM)
    mean, std = net.moments

    def logits(images: jax.Array) -> jax.Array:
        return jnp.asarray(network.apply(net.variables, data.normalize(images, mean, std)))

    return logits
