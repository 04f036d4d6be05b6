"""Applies the sections of a net: a stem, the blocks of a stage, a head."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array

from depthstudy.arch import layer_types as words
from depthstudy.nets.interface import Variables
from depthstudy.nets.layers.apply import Compute, run_layers


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
