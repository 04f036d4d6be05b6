"""Distributions: how many weights each layer keeps when the whole keeps a given share.

Counts are whole numbers, worked out before anything is compiled, so that masks hit them exactly.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from depthstudy.errors import InputError

Shapes = Mapping[str, tuple[int, ...]]
Pool = tuple[str, ...]  # arrays whose weights compete with each other
Densities = dict[Pool, float]
Distribution = Callable[[Shapes, float], Densities]


def whole(shapes: Shapes, sparsity: float) -> Densities:
    """Returns one pool of all arrays: the weights of the whole net compete."""
    return {tuple(shapes): 1 - sparsity}


def uniform(shapes: Shapes, sparsity: float) -> Densities:
    """Returns the same density for every array."""
    return {(path,): 1 - sparsity for path in shapes}


def erdos_renyi(shapes: Shapes, sparsity: float) -> Densities:
    """Returns Erdős-Rényi-Kernel densities (Evci et al. 2020, arXiv 1911.11134).

    The density of a kernel is proportional to the sum of its sides over their product; those that
    would be above 1 are 1, and the others make up for them.
    """
    sizes = {path: math.prod(shape) for path, shape in shapes.items()}
    raw = {path: sum(shape) / sizes[path] for path, shape in shapes.items()}
    wanted = (1 - sparsity) * sum(sizes.values())
    sparse = dict(sizes)
    while sparse:
        left = wanted - sum(sizes[path] for path in sizes if path not in sparse)
        factor = left / sum(raw[path] * sizes[path] for path in sparse)
        full = [path for path in sparse if factor * raw[path] > 1]
        if not full:
            break
        for path in full:
            del sparse[path]
    return {(path,): factor * raw[path] if path in sparse else 1.0 for path in shapes}


DISTRIBUTIONS: Mapping[str, Distribution] = {
    "erk": erdos_renyi,
    "global": whole,
    "uniform": uniform,
}


@dataclasses.dataclass(frozen=True)
class Counts:
    """What stays.

    Attributes:
      pools: Arrays whose weights compete with each other, by their paths.
      kept: How many weights stay, by round and pool.
    """

    pools: tuple[Pool, ...]
    kept: tuple[tuple[int, ...], ...]


def counts(name: str, shapes: Shapes, sparsities: Sequence[float], *, least: int = 0) -> Counts:
    """Returns exact counts for every round; a pool never grows again.

    Args:
      name: A key of ``DISTRIBUTIONS``.
      shapes: Shapes of the arrays by path.
      sparsities: Share of all weights that is gone after each round, never falling.
      least: How many weights every array keeps in any case.

    Raises:
      InputError: No such distribution, or there is nothing to prune.
    """
    if name not in DISTRIBUTIONS:
        raise InputError(f"no distribution {name!r}; allowed: {', '.join(DISTRIBUTIONS)}")
    if not shapes:
        raise InputError("nothing to prune: every parameter is exempt")
    sizes = {path: math.prod(shape) for path, shape in shapes.items()}
    pools = tuple(DISTRIBUTIONS[name](shapes, 0.0))
    bottom = [min(least * len(pool), _size(pool, sizes)) for pool in pools]
    before = [_size(pool, sizes) for pool in pools]
    kept = []
    for sparsity in sparsities:
        density = DISTRIBUTIONS[name](shapes, sparsity)
        wanted = [density[pool] * _size(pool, sizes) for pool in pools]
        everything = sum(sizes.values())
        total = max(everything - round(sparsity * everything), sum(bottom))
        before = _apportion(wanted, total, bottom, before)
        kept.append(tuple(before))
    return Counts(pools, tuple(kept))


def _size(pool: Pool, sizes: Mapping[str, int]) -> int:
    return sum(sizes[path] for path in pool)


def _apportion(
    wanted: Sequence[float], total: int, low: Sequence[int], high: Sequence[int]
) -> list[int]:
    """Returns whole numbers near ``wanted`` that sum to ``total``, by largest remainders."""
    allotted = [
        min(max(math.floor(want), least), most)
        for want, least, most in zip(wanted, low, high, strict=True)
    ]
    numbers = range(len(allotted))
    while sum(allotted) < total:
        room = [i for i in numbers if allotted[i] < high[i]]
        allotted[max(room, key=lambda i: wanted[i] - allotted[i])] += 1
    while sum(allotted) > total:
        room = [i for i in numbers if allotted[i] > low[i]]
        allotted[min(room, key=lambda i: wanted[i] - allotted[i])] -= 1
    return allotted
