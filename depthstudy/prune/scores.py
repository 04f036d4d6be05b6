"""Scores: how much a weight, or a unit of channels, is worth. What scores least is pruned first.

Random scores are the control: a criterion that does no better than they do is worth nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from depthstudy.arch import ArchSpec, channel_groups
from depthstudy.arch.layer_types import BatchNorm, Conv, Dense, GroupNorm, LayerNorm
from depthstudy.errors import InputError
from depthstudy.prune.groups import unit_means

UnitScores = dict[str, Float[Array, " U"] | None]


class Score(Protocol):
    """Scores of weights."""

    def __call__(self, params: Any, *, key: jax.Array) -> Any:
        """Returns a tree like ``params``."""


class UnitScore(Protocol):
    """Scores of units of channels."""

    def __call__(self, spec: ArchSpec, params: Any, *, key: jax.Array) -> UnitScores:
        """Returns scores by name of the group, ``None`` for a group that it cannot judge."""


def magnitude(params: Any, *, key: jax.Array) -> Any:
    """Returns the weights' magnitudes (Han et al. 2015, arXiv 1506.02626); draws nothing."""
    del key
    return jax.tree.map(jnp.abs, params)


def random(params: Any, *, key: jax.Array) -> Any:
    """Returns uniform random numbers: the control."""
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    drawn = [jax.random.uniform(k, leaf.shape) for k, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(structure, drawn)


def filter_norm(spec: ArchSpec, params: Any, *, key: jax.Array) -> UnitScores:
    """Returns the mean magnitude of the weights of each unit's filters; draws nothing.

    Li et al. 2017 (arXiv 1608.08710) take a filter's L1 norm. Here it is over the filters of all
    coupled layers, and divided by the number of weights, so that groups can be compared.
    """
    del key
    return unit_means(spec, params, leaf="kernel", layers=(Conv, Dense))


def norm_scale(spec: ArchSpec, params: Any, *, key: jax.Array) -> UnitScores:
    """Returns the mean magnitude of each unit's normalization scales; draws nothing.

    Network slimming (Liu et al. 2017, arXiv 1708.06519), to be trained with ``scale_penalty``.
    Groups without normalization are left alone.

    Raises:
      InputError: No group has a normalization.
    """
    del key
    means = unit_means(spec, params, leaf="scale", layers=(BatchNorm, GroupNorm, LayerNorm))
    if all(scores is None for scores in means.values()):
        raise InputError(f"{spec.family} without normalization has no scales to prune by")
    return means


def random_units(spec: ArchSpec, params: Any, *, key: jax.Array) -> UnitScores:
    """Returns uniform random numbers for every unit: the control."""
    del params
    groups = channel_groups(spec)
    keys = jax.random.split(key, len(groups))
    return {
        group.name: jax.random.uniform(k, (len(group.units),))
        for k, group in zip(keys, groups, strict=True)
    }
