"""Orders of the residual blocks of a net, by stage, and swaps of blocks that are equal."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from depthstudy.arch import ArchSpec
from depthstudy.nets import surgery

Order = list[list[str]]  # paths of blocks, by stage


def swapped(order: Order, swaps: Iterable[tuple[str, str]]) -> Order:
    """Returns the order of blocks after pairs of them have changed places, one after another."""
    place = {path: path for stage in order for path in stage}
    for a, b in swaps:
        place[a], place[b] = place[b], place[a]
    return [[place[path] for path in stage] for stage in order]


def swappable(spec: ArchSpec) -> list[tuple[str, str]]:
    """Returns the pairs of equal blocks with identity shortcuts in one stage."""
    blocks = surgery.blocks(spec)
    pairs = itertools.combinations(surgery.removable(spec), 2)
    return [
        (a, b) for a, b in pairs if a.split("/")[0] == b.split("/")[0] and blocks[a] == blocks[b]
    ]


def kendall_tau(before: Order, after: Order) -> float:
    """Returns the rank correlation of two orders of the same blocks."""
    import scipy.stats  # takes half a second, which every command would wait for

    ranks = {path: rank for rank, path in enumerate(itertools.chain(*before))}
    places = [ranks[path] for path in itertools.chain(*after)]
    return float(scipy.stats.kendalltau(range(len(places)), places).statistic)
