"""The one net: it applies the layers that an architecture value means.

Parameters are named by the value's sections, as ``stage2/block07/conv1/kernel``, so that a
checkpoint reads like the architecture.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import itertools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import traverse_util
from jaxtyping import Array, Float, Num

from depthstudy.arch import layer_types as words
from depthstudy.arch import lowering
from depthstudy.arch.spec import ArchSpec
from depthstudy.nets.convolution import Conv
from depthstudy.nets.initialization import dense_init, kernel_init
from depthstudy.nets.normalization import BatchNorm
from depthstudy.nets.stateless_layers import ACTIVATIONS, apply_stateless

Variables = Mapping[str, Any]


class Network(nn.Module):
    """A convolutional net for an ``ArchSpec``.

    Attributes:
      spec: The architecture.
      dtype: Type of the compute. Parameters, statistics and logits are float32 whatever it is.
    """

    spec: ArchSpec
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: Num[Array, "B H W C"], train: bool = False) -> Float[Array, "B K"]:
        """Returns logits; with ``train`` it normalizes by the batch and updates ``batch_stats``.

        With ``train``, a net that draws at random (``spec.is_stochastic``) needs
        ``rngs={"dropout": key}``.
        """
        x = images.astype(self.dtype)
        sections = lowering.sections(self.spec)
        for name, group in itertools.groupby(sections, key=lambda section: section.path[0]):
            x = _Group(tuple(group), self.dtype, name=name)(x, train)
        return x.astype(jnp.float32)


class _Group(nn.Module):
    """The sections whose paths begin alike: a stem, a stage or a head."""

    sections: tuple[words.Section, ...]
    dtype: Any

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        for section in self.sections:
            if len(section.path) == 1:
                x = _apply_section(section, x, train, self.dtype)
            else:
                x = _Block(section, self.dtype, name=section.path[1])(x, train)
        return x


class _Block(nn.Module):
    """A section whose parameters have a folder of their own.

    A process traces it once for all blocks like it, which halves the tracing of a deep net; XLA
    has them all again. Blocks that are drawn, draw, or are looked into are traced by themselves.
    """

    section: words.Section
    dtype: Any

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        looked_into = self.is_mutable_collection("intermediates")
        if self.is_initializing() or self.has_rng("dropout") or looked_into:
            return _apply_section(self.section, x, train, self.dtype)
        nameless = dataclasses.replace(self.section, path=())
        moving = self.is_mutable_collection("batch_stats")
        y, moved = _traced_once(nameless, self.dtype, self.variables, x, train, moving)
        for name, statistics in moved.items():
            self.put_variable("batch_stats", name, statistics)
        return y


@functools.partial(jax.jit, static_argnames=("section", "dtype", "train", "moving"))
def _traced_once(
    section: words.Section, dtype: Any, variables: Variables, x: Array, train: bool, moving: bool
) -> tuple[Array, Variables]:
    """Returns what a block makes of ``x``, and the ``batch_stats`` after it if they move."""
    body = _Body(section, dtype, parent=None)
    y, updates = body.apply(variables, x, train, mutable=["batch_stats"] if moving else [])
    return y, updates.get("batch_stats", {})


class _Body(nn.Module):
    section: words.Section
    dtype: Any

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        return _apply_section(self.section, x, train, self.dtype)


def _apply_section(section: words.Section, x: Array, train: bool, dtype: Any) -> Array:
    x = _run(section.before, x, train, dtype)
    y = _run(section.branch, x, train, dtype)
    if section.shortcut is not None:
        short = _run(section.shortcut, x, train, dtype)
        y = y + short if section.join == "add" else jnp.concatenate([short, y], axis=-1)
    y = _run(section.after, y, train, dtype)
    is_sum = section.shortcut is not None and section.join == "add"
    return _computed_once(y) if is_sum and jax.default_backend() == "cpu" else y


@jax.custom_jvp
def _computed_once(x: Array) -> Array:
    """Returns ``x``, which what comes later reads from memory.

    In the next block it is added, and XLA would do so by adding up all the blocks before again, as
    it fuses each sum with those that it is made of. At depth 110 that is an eighth of a step. A
    gradient passes without a barrier: there each sum is computed once as it is.
    """
    return jax.lax.optimization_barrier(x)


@_computed_once.defjvp
def _computed_once_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return _computed_once(*primals), *tangents


def _run(found: words.Layers, x: Array, train: bool, dtype: Any) -> Array:
    for layer in found:
        x = _apply_layer(layer, x, train, dtype)
    return x


def _apply_layer(layer: words.Layer, x: Array, train: bool, dtype: Any) -> Array:
    """Applies one layer; those with parameters become submodules of the module that calls."""
    match layer:
        case words.Conv():
            return _conv(layer, dtype)(x)
        case words.BatchNorm():
            return BatchNorm(not train, layer.momentum, layer.epsilon, dtype, name=layer.name)(x)
        case words.SqueezeExcite():
            return _Gate(layer, dtype, name=layer.name)(x)
        case words.Scale():
            return _Scale(name=layer.name)(x)
        case words.Parallel():
            first, *others = [_run(path, x, train, dtype) for path in layer.paths]
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
            )(x.reshape(len(x), -1))
        case _:
            return apply_stateless(layer, x)


class _Scale(nn.Module):
    @nn.compact
    def __call__(self, x: Array) -> Array:
        return x * self.param("scale", nn.initializers.zeros, ()).astype(x.dtype)


class _Gate(nn.Module):
    layer: words.SqueezeExcite
    dtype: Any

    @nn.compact
    def __call__(self, x: Array) -> Array:
        mean = jnp.mean(x, axis=(1, 2), keepdims=True, dtype=jnp.float32)
        inside = _conv(self.layer.reduce, self.dtype)(mean)
        inside = ACTIVATIONS[self.layer.activation](inside)
        return x * ACTIVATIONS[self.layer.gate](_conv(self.layer.expand, self.dtype)(inside))


def _conv(layer: words.Conv, dtype: Any) -> Conv:
    return Conv(
        layer.filters,
        layer.kernel,
        layer.stride,
        layer.bias,
        dtype,
        kernel_init(layer.init, layer.groups),
        layer.groups,
        layer.padding,
        name=layer.name,
    )


def outputs(
    network: Network, variables: Variables, images: Num[Array, "B H W C"], pattern: str = "*"
) -> tuple[Float[Array, "B K"], dict[str, Array]]:
    """Returns the logits and what the parts of the net give out, in eval mode.

    Args:
      network: The net.
      variables: Its ``params`` and ``batch_stats``.
      images: A batch.
      pattern: Shell pattern over paths, as ``"stage*/block??"`` or ``"*/conv1"``.
    """
    logits, state = network.apply(variables, images, capture_intermediates=True, mutable=True)
    flat = traverse_util.flatten_dict(state["intermediates"])
    named = {"/".join(path[:-1]): values[0] for path, values in flat.items()}
    return logits, {name: x for name, x in named.items() if fnmatch.fnmatch(name, pattern)}


def init(network: Network, key: jax.Array, image_shape: tuple[int, int, int]) -> Variables:
    """Returns fresh variables for images of ``image_shape`` (height, width, channels)."""
    return network.init(key, jnp.zeros((1, *image_shape)))
