"""StableHLO by ``jax.export``: the net without depthstudy, for batches of any size."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from depthstudy.deploy.export import portable
from depthstudy.deploy.net import TrainedNet

_PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def encode(net: TrainedNet) -> bytes:
    """Returns the net as ``jax.export`` serializes it."""
    (batch,) = export.symbolic_shape("batch")
    images = jax.ShapeDtypeStruct((batch, *net.preprocessing.image_shape), jnp.uint8)
    function = jax.jit(portable.function(net))
    return bytes(export.export(function, platforms=_PLATFORMS)(images).serialize())


def decode(content: bytes, net: TrainedNet) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what the content computes, by JAX."""
    del net
    exported = export.deserialize(bytearray(content))
    return lambda images: np.asarray(exported.call(images))


def use(net: TrainedNet) -> str:
    """Returns how one runs the file."""
    del net
    return (
        "logits = jax.export.deserialize(bytearray(open(FILE, 'rb').read())).call(images), with "
        "uint8 images of any number"
    )
