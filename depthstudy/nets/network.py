"""The one net: it applies the layers that an architecture value means.

Parameters are named by the value's sections, as ``stage2/block07/conv1/kernel``, so that a
checkpoint reads like the architecture.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float, Num

from depthstudy.arch import layer_types as words
from depthstudy.arch import lowering
from depthstudy.arch.detection.cost import layer_costs
from depthstudy.arch.detection.graph import block_paths
from depthstudy.arch.detection.spec import DetectorSpec
from depthstudy.arch.rounding import norm_groups
from depthstudy.arch.spec import ArchSpec
from depthstudy.nets.convolution import Conv
from depthstudy.nets.detection.predictions import Predictions
from depthstudy.nets.initialization import dense_init, kernel_init
from depthstudy.nets.interface import ImageShape, Variables
from depthstudy.nets.normalization import BatchNorm, GroupNorm, LayerNorm
from depthstudy.nets.stateless_layers import ACTIVATIONS, apply_stateless


@dataclasses.dataclass(frozen=True)
class Compute:
    """In which type a net computes, and on what."""

    dtype: Any
    platform: str


class Network(nn.Module):
    """A convolutional net for an ``ArchSpec``, or a detector for a ``DetectorSpec``: a ``Net``.

    Attributes:
      spec: The architecture.
      dtype: Type of the compute. Parameters, statistics and logits are float32 whatever it is.
      platform: What it runs on, as ``"cpu"``: some layers are computed otherwise on another.
    """

    spec: ArchSpec | DetectorSpec
    dtype: Any = jnp.float32
    platform: str = dataclasses.field(default_factory=jax.default_backend)

    @property
    def num_classes(self) -> int:
        """Number of logits."""
        if isinstance(self.spec, DetectorSpec):
            return self.spec.heads.num_classes
        return self.spec.head.num_classes

    @property
    def is_stochastic(self) -> bool:
        """Whether training draws at random: it has dropout or stochastic depth."""
        return self.spec.is_stochastic

    @property
    def deterministic(self) -> Network:
        """The net with the same parameters that draws nothing in training."""
        return self.clone(spec=self.spec.deterministic)

    @nn.nowrap
    def with_dtype(self, dtype: Any) -> Network:
        """Returns the net that computes in another type."""
        return self.clone(dtype=dtype)

    @nn.nowrap
    def check(self, image_shape: ImageShape) -> None:
        """Raises InputError where the images are too small for the net."""
        layer_costs(self.spec, image_shape)

    @nn.nowrap
    def layer_depths(self, image_shape: ImageShape) -> Mapping[str, int]:
        """Returns the weight layers on the longest path up to each layer, block and stage."""
        depths: dict[str, int] = {}
        for cost in layer_costs(self.spec, image_shape):
            for end in range(1, len(cost.path) + 1):
                path = "/".join(cost.path[:end])
                depths[path] = max(depths.get(path, 0), cost.depth)
        return depths

    @nn.nowrap
    def block_names(self, image_shape: ImageShape) -> tuple[str, ...]:
        """Returns the paths of the blocks, as ``"stage1/block02"``; images do not matter.

        Those of a detector are its backbone's and the nodes of its pyramid.
        """
        del image_shape
        return tuple("/".join(path) for path in block_paths(self.spec))

    @nn.compact
    def __call__(
        self, images: Num[Array, "B H W C"], train: bool = False
    ) -> Float[Array, "B K"] | Predictions:
        """Returns logits; with ``train`` it normalizes by the batch and updates ``batch_stats``.

        With ``train``, a net that draws at random (``spec.is_stochastic``) needs
        ``rngs={"dropout": key}``. A detector returns logits and boxes of all anchors.
        """
        x = images.astype(self.dtype)
        if isinstance(self.spec, DetectorSpec):
            from depthstudy.nets.detection import modules  # which consist of the layers below

            return modules.apply_detector(self.spec, x, train, Compute(self.dtype, self.platform))
        sections = lowering.sections(self.spec)
        for name, group in itertools.groupby(sections, key=lambda section: section.path[0]):
            x = Group(tuple(group), Compute(self.dtype, self.platform), name=name)(x, train)
        return x.astype(jnp.float32)


class Group(nn.Module):
    """The sections whose paths begin alike: a stem, a stage or a head."""

    sections: tuple[words.Section, ...]
    compute: Compute

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        """Returns what the sections, one after the other, make of images."""
        for section in self.sections:
            if len(section.path) == 1:
                x = _apply_section(section, x, train, self.compute)
            else:
                x = _Block(section, self.compute, name=section.path[1])(x, train)
        return x


class _Block(nn.Module):
    """A section whose parameters have a folder of their own.

    A process traces it once for all blocks like it, which halves the tracing of a deep net; XLA
    has them all again. Blocks that are drawn, draw, or are looked into are traced by themselves.
    """

    section: words.Section
    compute: Compute

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        looked_into = self.is_mutable_collection("intermediates")
        if self.is_initializing() or self.has_rng("dropout") or looked_into:
            return _apply_section(self.section, x, train, self.compute)
        nameless = dataclasses.replace(self.section, path=())
        moving = self.is_mutable_collection("batch_stats")
        y, moved = _traced_once(nameless, self.compute, self.variables, x, train, moving)
        for name, statistics in moved.items():
            self.put_variable("batch_stats", name, statistics)
        return y


@functools.partial(jax.jit, static_argnames=("section", "compute", "train", "moving"))
def _traced_once(
    section: words.Section,
    compute: Compute,
    variables: Variables,
    x: Array,
    train: bool,
    moving: bool,
) -> tuple[Array, Variables]:
    """Returns what a block makes of ``x``, and the ``batch_stats`` after it if they move."""
    body = _Body(section, compute, parent=None)
    y, updates = body.apply(variables, x, train, mutable=["batch_stats"] if moving else [])
    return y, updates.get("batch_stats", {})


class _Body(nn.Module):
    section: words.Section
    compute: Compute

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        return _apply_section(self.section, x, train, self.compute)


def _apply_section(section: words.Section, x: Array, train: bool, compute: Compute) -> Array:
    x = run_layers(section.before, x, train, compute)
    y = run_layers(section.branch, x, train, compute)
    if section.shortcut is not None:
        short = run_layers(section.shortcut, x, train, compute)
        y = y + short if section.join == "add" else jnp.concatenate([short, y], axis=-1)
    y = run_layers(section.after, y, train, compute)
    is_sum = section.shortcut is not None and section.join == "add"
    return _computed_once(y) if is_sum and compute.platform == "cpu" else y


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
                not train, layer.momentum, layer.epsilon, compute.dtype, name=layer.name
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
