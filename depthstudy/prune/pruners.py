"""Pruners: a score and a distribution, which together choose the masks of a round."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from flax import traverse_util
from jaxtyping import Array, Bool, Float, Int

from depthstudy.arch import ArchSpec
from depthstudy.config import PruneConfig
from depthstudy.errors import InputError
from depthstudy.prune import distribution
from depthstudy.prune.groups import KeptUnits, channel_masks, kept_units
from depthstudy.prune.scores import Score, UnitScore, filter_norm, magnitude

_EXEMPT = PruneConfig().exempt


@runtime_checkable
class Pruner(Protocol):
    """What ``sparsify`` asks for masks."""

    def start(self, params: Any) -> Any:
        """Returns the masks before the first round."""

    def choose(
        self, params: Any, masks: Any, number: Int[Array, ""], *, sparsities: Sequence[float],
        key: jax.Array,
    ) -> Any:  # fmt: skip
        """Returns the masks of a round: part of the masks before it.

        Args:
          params: The parameters.
          masks: Boolean arrays in the form of ``params``; a scalar ``True`` is an exempt one.
          number: Which round it is, from 0.
          sparsities: Of all rounds.
          key: For what is drawn.
        """


@dataclasses.dataclass(frozen=True)
class Weights:
    """Prunes weights one by one.

    Attributes:
      score: What a weight is worth.
      distribution: ``"global"``, ``"uniform"`` or ``"erk"``.
      exempt: Shell patterns over the paths of parameters that are not pruned, nor counted.
    """

    score: Score = magnitude
    distribution: str = "global"
    exempt: tuple[str, ...] = _EXEMPT

    def __post_init__(self) -> None:
        """Checks the distribution."""
        _check(self.distribution, tuple(distribution.DISTRIBUTIONS))

    def start(self, params: Any) -> Any:
        """Returns masks that keep every weight."""
        flat = traverse_util.flatten_dict(params, sep="/")
        masks = {
            path: jnp.ones(() if _matches(path, self.exempt) else leaf.shape, bool)
            for path, leaf in flat.items()
        }
        return traverse_util.unflatten_dict(masks, sep="/")

    def choose(
        self, params: Any, masks: Any, number: Int[Array, ""], *, sparsities: Sequence[float],
        key: jax.Array,
    ) -> Any:  # fmt: skip
        """Returns the masks of a round."""
        scores = traverse_util.flatten_dict(self.score(params, key=key), sep="/")
        flat = traverse_util.flatten_dict(masks, sep="/")
        shapes = {p: score.shape for p, score in scores.items() if not _matches(p, self.exempt)}
        table = distribution.counts(self.distribution, shapes, sparsities)
        kept = _competed(table, number, scores, flat)
        return traverse_util.unflatten_dict({**flat, **kept}, sep="/")


@dataclasses.dataclass(frozen=True)
class Channels:
    """Prunes units of channels whole; each group keeps at least one.

    Attributes:
      spec: The architecture.
      score: What a unit is worth.
      distribution: ``"global"`` or ``"uniform"``; shares are of units.
      exempt: Shell patterns over the names of groups that are not pruned, nor counted.
    """

    spec: ArchSpec
    score: UnitScore = filter_norm
    distribution: str = "global"
    exempt: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Checks the distribution."""
        _check(self.distribution, ("global", "uniform"))

    def start(self, params: Any) -> Any:
        """Returns masks that keep every channel."""
        masks = channel_masks(self.spec, params, {})
        return jax.tree.map(lambda mask: jnp.ones(mask.shape, bool), masks)

    def choose(
        self, params: Any, masks: Any, number: Int[Array, ""], *, sparsities: Sequence[float],
        key: jax.Array,
    ) -> Any:  # fmt: skip
        """Returns the masks of a round."""
        alive = kept_units(self.spec, masks)
        scores = {
            name: _guarded(values, alive[name])
            for name, values in self.score(self.spec, params, key=key).items()
            if values is not None and not _matches(name, self.exempt)
        }
        shapes = {name: values.shape for name, values in scores.items()}
        table = distribution.counts(self.distribution, shapes, sparsities, least=1)
        kept = _competed(table, number, scores, alive)
        return channel_masks(self.spec, params, {**alive, **kept})


def choose_channels(pruner: Channels, params: Any, sparsity: float, *, key: jax.Array) -> KeptUnits:
    """Returns which units a single round keeps, as ``shrink`` takes them.

    Args:
      pruner: What chooses.
      params: The parameters of the net.
      sparsity: Share of all units to take out.
      key: For scores that draw.
    """
    start, first = pruner.start(params), jnp.zeros((), jnp.int32)
    choose = functools.partial(pruner.choose, sparsities=(sparsity,))
    masks = jax.device_get(jax.jit(choose)(params, start, first, key=key))
    return kept_units(pruner.spec, masks)


def _check(name: str, allowed: Sequence[str]) -> None:
    if name not in allowed:
        raise InputError(f"no distribution {name!r} here; allowed: {', '.join(allowed)}")


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _guarded(values: Float[Array, " U"], alive: Bool[Array, " U"]) -> Float[Array, " U"]:
    """Returns the scores with the best one above all others."""
    best = jnp.argmax(jnp.where(alive, values, -jnp.inf))
    return values.at[best].set(jnp.inf)


def _competed(
    table: distribution.Counts,
    number: Int[Array, ""],
    scores: Mapping[str, Array],
    alive: Mapping[str, Array],
) -> dict[str, Array]:
    """Returns masks of the best of each pool; of equal ones the first stay."""
    masks = {}
    for pool, kept in zip(table.pools, jnp.array(table.kept, jnp.int32)[number], strict=True):
        values = jnp.concatenate([scores[path].ravel() for path in pool])
        before = jnp.concatenate([alive[path].ravel() for path in pool])
        order = jnp.lexsort((-values, ~before))
        best = jnp.zeros(len(order), bool).at[order].set(jnp.arange(len(order)) < kept)
        start = 0
        for path in pool:
            size = scores[path].size
            masks[path] = best[start : start + size].reshape(scores[path].shape)
            start += size
    return masks
