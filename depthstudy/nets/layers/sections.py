"""Applies the sections of a net: a stem, the blocks of a stage, a head."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array

from depthstudy.arch.section import Section
from depthstudy.nets.interface import Variables
from depthstudy.nets.layers.apply import Compute, run_layers
from depthstudy.nets.layers.equal_blocks import Sections, joint_name, nameless, split


class Group(nn.Module):
    """The sections whose paths begin alike: a stem, a stage or a head.

    It loops over equal blocks whose variables are stacked.
    """

    sections: Sections
    compute: Compute

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        """Returns what the sections, one after the other, make of images."""
        stored = self.variables.get("params", {})
        for sections in split(self.sections):
            name = joint_name([section.path[-1] for section in sections])
            if len(sections) > 1 and name in stored:
                x = self._looped(name, sections[0], x, train)
            else:
                for section in sections:
                    x = self._apply(section, x, train)
        return x

    def _apply(self, section: Section, x: Array, train: bool) -> Array:
        if len(section.path) == 1:
            return _apply_section(section, x, train, self.compute)
        again = self.compute.rematerialize and train and _draws(self, section)
        block = _RematerializedBlock if again and not _is_new_or_seen(self) else _Block
        return block(section, self.compute, name=section.path[1])(x, train)

    def _looped(self, name: str, section: Section, x: Array, train: bool) -> Array:
        """Returns what equal blocks make of ``x``, by one loop over their stacked variables."""
        if self.is_mutable_collection("intermediates"):
            raise ValueError("blocks whose variables are stacked cannot be looked into")
        stacked = {c: blocks[name] for c, blocks in self.variables.items() if name in blocks}
        section, moving = nameless(section), self.is_mutable_collection("batch_stats")

        def body(y: Array, variables: Variables) -> tuple[Array, Variables]:
            return _apply_block(section, self.compute, variables, y, train, moving)

        y, moved = jax.lax.scan(body, x, stacked)
        if moved:
            self.put_variable("batch_stats", name, moved)
        return y


class _Block(nn.Module):
    """A section whose parameters have a folder of their own.

    A process traces it once for all blocks like it, which halves the tracing of a deep net; XLA
    has them all again. Blocks that are initialized, draw at random or are looked into are traced by
    themselves.
    """

    section: Section
    compute: Compute

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        if _is_new_or_seen(self) or _draws(self, self.section):
            return _apply_section(self.section, x, train, self.compute)
        section, moving = nameless(self.section), self.is_mutable_collection("batch_stats")
        y, moved = _apply_block(section, self.compute, self.variables, x, train, moving)
        for name, statistics in moved.items():
            self.put_variable("batch_stats", name, statistics)
        return y


_RematerializedBlock = nn.remat(_Block, static_argnums=(2,))  # of one that draws: it does so alike


def _is_new_or_seen(module: nn.Module) -> bool:
    """Whether blocks are initialized, or what is inside is looked at."""
    return module.is_initializing() or module.is_mutable_collection("intermediates")


def _draws(module: nn.Module, section: Section) -> bool:
    """Whether a block draws at random here."""
    return section.is_stochastic and module.has_rng("dropout")


def _apply_block(
    section: Section,
    compute: Compute,
    variables: Variables,
    x: Array,
    train: bool,
    moving: bool,
) -> tuple[Array, Variables]:
    """Returns what ``_traced_once`` does; with ``rematerialize`` it keeps ``x`` alone."""

    def apply(variables: Variables, x: Array) -> tuple[Array, Variables]:
        return _traced_once(section, compute, variables, x, train, moving)

    return (jax.checkpoint(apply) if compute.rematerialize and train else apply)(variables, x)


@functools.partial(jax.jit, static_argnames=("section", "compute", "train", "moving"))
def _traced_once(
    section: Section,
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
    section: Section
    compute: Compute

    @nn.compact
    def __call__(self, x: Array, train: bool) -> Array:
        return _apply_section(self.section, x, train, self.compute)


def _apply_section(section: Section, x: Array, train: bool, compute: Compute) -> Array:
    x = run_layers(section.before, x, train, compute)
    y = run_layers(section.branch, x, train, compute)
    if section.shortcut is not None:
        short = run_layers(section.shortcut, x, train, compute)
        y = y + short if section.join == "add" else jnp.concatenate([short, y], axis=-1)
    y = run_layers(section.after, y, train, compute)
    if section.shortcut is None or compute.platform != "cpu":
        return y
    if section.join == "add":
        return _computed_once(y)
    return _kept_both_ways(y) if section.shortcut == () else y


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


def _kept_both_ways(x: Array) -> Array:
    """Returns ``x``, which is read from memory, as is its gradient.

    The gradient of channels that each later block gets is a sum of slices, one of each of these
    blocks, and XLA would compute what the slices are of once more in each sum. With a barrier each
    block adds to one sum of all channels. The step of a DenseNet-40 takes 0.9 of the time.
    """
    return jax.lax.optimization_barrier(x)
