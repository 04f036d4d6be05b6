"""Nets from values: an architecture's, or that of a user's own module."""

from __future__ import annotations

import dataclasses
import fnmatch
from typing import Any

import jax
import jax.numpy as jnp
from flax import traverse_util
from jaxtyping import Array, Float, Num

from depthstudy import arch
from depthstudy.arch import ModuleSpec, Spec
from depthstudy.errors import InputError
from depthstudy.nets.interface import ImageShape, Net, Variables
from depthstudy.nets.network import Network
from depthstudy.nets.user_module import trace
from depthstudy.nets.user_module.net import UserModule

_CALL = "__call__"  # of whose intermediates outputs are; the others a module notes for itself


def build(
    spec: Spec,
    dtype: Any = jnp.float32,
    platform: str | None = None,
    *,
    rematerialize: bool = False,
    statistics_images: int | None = None,
) -> Net:
    """Returns the net of a value.

    >>> net = build(arch.build("plain", depth=8, layout="cifar"))
    >>> net.num_classes, net.block_names((32, 32, 3))
    (10, ('stage1/block01', 'stage2/block01', 'stage3/block01'))

    Args:
      spec: An architecture, or a user's module, which is imported.
      dtype: Type of the compute; parameters, statistics and logits are float32 whatever it is.
      platform: What it runs on, as ``"cpu"``; ``None`` is JAX's default.
      rematerialize: As in ``TrainConfig``, as is what follows: how it computes in training.
      statistics_images: As in ``TrainConfig``.

    Raises:
      InputError: The module cannot be imported, or does not take its options; or it is asked for
        what only nets of ours can do.
    """
    if isinstance(spec, ModuleSpec):
        if rematerialize or statistics_images is not None:
            raise InputError(
                "config.train.rematerialize and statistics_images are for the families; a module"
                " of yours does so itself, as by flax.linen.remat"
            )
        return UserModule.of(spec, dtype)
    return Network(
        spec,
        dtype,
        platform or jax.default_backend(),
        rematerialize,
        statistics_images,
    )


def cost(spec: Spec, image_shape: ImageShape) -> arch.Cost:
    """Returns what a net costs on one image of ``image_shape`` (height, width, channels).

    An architecture's cost follows from its value. A user's module is traced: its convolutions and
    matrix products are counted. Its depth is its option ``depth`` where it has one, otherwise the
    number of products on the longest path; its receptive field is unknown.

    >>> cost(arch.build("resnet", depth=20, layout="cifar"), (32, 32, 3)).macs
    40551040

    Raises:
      InputError: The net is none for such images, or a user's module cannot be trained on them.
    """
    if not isinstance(spec, ModuleSpec):
        return arch.cost(spec, image_shape)
    net = UserModule.of(spec)
    net.check(image_shape)
    traced = trace.trace(net, image_shape).cost
    depth = spec.option("depth")
    return dataclasses.replace(traced, depth=depth) if isinstance(depth, int) else traced


def init(network: Net, key: jax.Array, image_shape: ImageShape) -> Variables:
    """Returns fresh variables for images of ``image_shape`` (height, width, channels).

    >>> net = build(arch.build("plain", depth=8, layout="cifar", width=4))
    >>> sorted(init(net, jax.random.key(0), (8, 8, 1)))
    ['batch_stats', 'params']
    """
    if isinstance(network, Network):  # nothing is drawn by its images, so it is not applied to any
        form = jax.ShapeDtypeStruct((1, *image_shape), jnp.float32)
        variables: Variables = network.lazy_init(key, form)
        return variables
    return network.init(key, jnp.zeros((1, *image_shape)))


def outputs(
    network: Net, variables: Variables, images: Num[Array, "B H W C"], pattern: str = "*"
) -> tuple[Float[Array, "B K"], dict[str, Array]]:
    """Returns the logits and what the parts of the net give out, in eval mode.

    Of a part that is applied several times it is the first output.

    >>> net = build(arch.build("plain", depth=8, layout="cifar", width=4))
    >>> variables = init(net, jax.random.key(0), (8, 8, 1))
    >>> logits, blocks = outputs(net, variables, jnp.zeros((2, 8, 8, 1)), "stage*/block??")
    >>> logits.shape, blocks["stage2/block01"].shape
    ((2, 10), (2, 4, 4, 8))

    Args:
      network: The net.
      variables: Its ``params`` and ``batch_stats``.
      images: A batch.
      pattern: Shell pattern over paths, as ``"stage*/block??"`` or ``"*/conv1"``.
    """
    logits, state = network.apply(
        variables, images, capture_intermediates=True, mutable=["intermediates"]
    )
    flat = traverse_util.flatten_dict(state["intermediates"])
    named = {"/".join(path): values[0] for (*path, kind), values in flat.items() if kind == _CALL}
    return logits, {
        name: x
        for name, x in named.items()
        if trace.is_features(x) and fnmatch.fnmatch(name, pattern)
    }
