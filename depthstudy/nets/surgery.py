"""Taking blocks out of a net, and putting them in another order, as functions on values.

A block can be taken out exactly where its shortcut is the identity: what is left is the net that
would have been built without it (Veit et al. 2016, arXiv 1605.06431).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import traverse_util
from jaxtyping import Array, Float

from depthstudy.arch import ArchSpec, BlockSpec, lowering
from depthstudy.arch.layer_types import SqueezeExcite
from depthstudy.errors import InputError
from depthstudy.nets.interface import Net, Variables

_LARGE = 2.0**20  # beside which a batch's statistics are rounding


def blocks(spec: ArchSpec) -> dict[str, BlockSpec]:
    """Returns the blocks by their paths, as ``"stage1/block02"``, in the order of the net."""
    paths = ["/".join(section.path) for section in lowering.block_sections(spec)]
    return dict(zip(paths, (block for stage in spec.stages for block in stage), strict=True))


def order(spec: ArchSpec) -> list[list[str]]:
    """Returns the paths of the blocks of each stage."""
    paths = iter(blocks(spec))
    return [[next(paths) for _ in stage] for stage in spec.stages]


def removable(spec: ArchSpec) -> tuple[str, ...]:
    """Returns the paths of the blocks whose shortcut is the identity."""
    return tuple(
        "/".join(section.path) for section in lowering.block_sections(spec) if section.is_removable
    )


def remove_blocks(
    spec: ArchSpec, variables: Variables, paths: Collection[str]
) -> tuple[ArchSpec, Variables]:
    """Returns the net without some blocks; the others are renumbered.

    Args:
      spec: The architecture.
      variables: Its variables, of any collections.
      paths: Blocks to take out, as ``"stage1/block02"``.

    Raises:
      InputError: There is no such block, or its shortcut is not the identity.
    """
    _check(spec, paths)
    return rearrange(
        spec, variables, [[path for path in stage if path not in paths] for stage in order(spec)]
    )


def rearrange(
    spec: ArchSpec, variables: Variables, stages: Sequence[Sequence[str]]
) -> tuple[ArchSpec, Variables]:
    """Returns the net whose stages hold the blocks named, in the order named.

    Args:
      spec: The architecture.
      variables: Its variables, of any collections.
      stages: Paths of blocks in ``spec`` for each stage; each block must fit the one before it.
    """
    block_by_path = blocks(spec)
    kept = tuple(tuple(block_by_path[path] for path in stage) for stage in stages)
    changed = dataclasses.replace(spec, stages=kept)
    origins = dict(zip(blocks(changed), (path for stage in stages for path in stage), strict=True))
    return changed, {
        name: _move(tree, set(block_by_path), origins) for name, tree in variables.items()
    }


def zero_blocks(spec: ArchSpec, variables: Variables, paths: Collection[str]) -> Variables:
    """Returns variables with which some blocks are their shortcuts; the architecture stays.

    It gives the logits of ``remove_blocks``, and the net needs no new compilation: the last layer
    of a branch, before a gate if it ends in one, gets zeros as its parameters.

    Raises:
      InputError: There is no such block, its shortcut is not the identity, or it ends in an
        activation that changes what is activated already, as SiLU does.
    """
    _check(spec, paths)
    if not _zeros_remove(spec, paths):
        raise InputError(
            "a block whose branch is zero still applies its last activation; only remove_blocks"
            " takes such a block out"
        )
    silenced = {
        (*section.path, _last_named(section.branch))
        for section in lowering.block_sections(spec)
        if "/".join(section.path) in paths
    }
    flat = traverse_util.flatten_dict(variables["params"])
    params = {
        path: jnp.zeros_like(leaf) if path[:-1] in silenced else leaf for path, leaf in flat.items()
    }
    return {**variables, "params": traverse_util.unflatten_dict(params)}


def without_blocks(
    spec: ArchSpec, variables: Variables, paths: Collection[str]
) -> tuple[ArchSpec, Variables]:
    """Returns the net without some blocks, as its own architecture with zeros where these do.

    Raises:
      InputError: There is no such block, or its shortcut is not the identity.
    """
    if _zeros_remove(spec, paths):
        return spec, zero_blocks(spec, variables, paths)
    return remove_blocks(spec, variables, paths)


def _zeros_remove(spec: ArchSpec, paths: Collection[str]) -> bool:
    return all(
        section.passes_activated
        for section in lowering.block_sections(spec)
        if "/".join(section.path) in paths
    )


def recalibrate_batch_norm(
    network: Net, variables: Variables, batches: Iterable[Float[Array, "B H W C"]]
) -> Variables:
    """Returns variables whose batch statistics are those of some images.

    Mean and variance are over all images, each batch normalized by itself further down (Wu &
    Johnson 2021, arXiv 2105.07576). A net without batch statistics stays as it is.

    Args:
      network: The net.
      variables: Its ``params`` and ``batch_stats``.
      batches: Images, all batches of one size.
    """
    if not variables.get("batch_stats"):
        return variables
    total, count = None, 0
    for images in batches:
        moments = _moments(network, variables, images)
        total = moments if total is None else jax.tree.map(jnp.add, total, moments)
        count += 1
    if total is None:
        raise ValueError("no images to estimate batch statistics from")
    flat = {path: sum_ / count for path, sum_ in total.items()}
    statistics = {
        path: x if mean is None else jnp.maximum(x - mean**2, 0)
        for path, x, mean in _with_means(flat)
    }
    return {**variables, "batch_stats": traverse_util.unflatten_dict(statistics)}


@functools.partial(jax.jit, static_argnames="network")
def _moments(
    network: Net, variables: Variables, images: Float[Array, "B H W C"]
) -> dict[tuple[str, ...], Array]:
    """Returns mean and, in the place of the variance, mean square of a batch."""
    flat = traverse_util.flatten_dict(_batch_statistics(network, variables, images))
    return {path: x if mean is None else x + mean**2 for path, x, mean in _with_means(flat)}


def _with_means(
    flat: Mapping[tuple[str, ...], Array],
) -> Iterator[tuple[tuple[str, ...], Array, Array | None]]:
    """Yields statistics, with each variance the mean that it is about, of others ``None``.

    A user's module may have a variance without a mean, as of numbers that it takes to be about 0.
    """
    for path, x in flat.items():
        yield path, x, flat.get((*path[:-1], "mean")) if path[-1] == "var" else None


def _batch_statistics(network: Net, variables: Variables, images: Array) -> Any:
    """Returns the statistics of a batch, which training mixes into the running ones.

    From running statistics of 0 a step makes the batch's times the share of the new. That share is
    in the architecture, or shows in what a step leaves of a large number. What no step mixes, as a
    count of steps, stays as it is.
    """

    still = network.deterministic

    def step(start: float) -> Any:
        running = jax.tree.map(lambda x: jnp.full_like(x, start), variables["batch_stats"])
        given = {**variables, "batch_stats": running}
        _, state = still.apply(given, images, train=True, mutable=["batch_stats"])
        return state["batch_stats"]

    from_zero = step(0.0)
    if network.spec is not None:
        new_share = 1 - network.spec.norm_momentum
        return jax.tree.map(lambda x: x / new_share, from_zero)
    kept = jax.tree.map(lambda x, zero: (x - zero) / _LARGE, step(_LARGE), from_zero)
    return jax.tree.map(
        lambda x, share, before: jnp.where(share == 1, before, x / (1 - share)),
        from_zero,
        kept,
        variables["batch_stats"],
    )


def _check(spec: ArchSpec, paths: Collection[str]) -> None:
    allowed = removable(spec)
    for path in paths:
        if path not in allowed:
            raise InputError(f"block {path!r} cannot be removed; allowed: {', '.join(allowed)}")


def _last_named(branch: lowering.Layers) -> str:
    layers = [layer for layer in branch if not isinstance(layer, SqueezeExcite)]
    return [layer.name for layer in layers if hasattr(layer, "name")][-1]


def _move(
    tree: Mapping[str, Any], present: Collection[str], origins: Mapping[str, str]
) -> dict[str, Any]:
    """Returns a collection with each block of ``origins`` taken from the path it came from."""
    groups = {path.split("/")[0] for path in present}
    moved: dict[str, Any] = {name: part for name, part in tree.items() if name not in groups}
    for path, origin in origins.items():
        (stage, block), (old_stage, old_block) = path.split("/"), origin.split("/")
        if old_block in tree.get(old_stage, {}):
            moved.setdefault(stage, {})[block] = tree[old_stage][old_block]
    return moved
