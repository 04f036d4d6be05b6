"""Smaller train sets and wrong labels: the two treatments that probe overfitting and memorization.

Label noise follows Zhang et al. 2017 (arXiv 1611.03530), but with an exact share of labels that
are certainly wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Int, Int32

from depthstudy.data.pipeline import order


def stratified_order(labels: Int[np.ndarray, " N"], seed: int, *run: int) -> Int[np.ndarray, " N"]:
    """Returns all examples in an order of which every beginning is stratified.

    Since the first ``n`` are part of the first ``m > n``, subsets are nested. A beginning holds
    one example of every class before a second of any, and further ones in proportion to the size
    of each class (the apportionment of Webster and Sainte-Lague).

    Args:
      labels: Class of each example.
      seed: Seed of the choice within a class, and of which class goes first at a tie.
      *run: Seed of a run that has an order of its own.
    """
    shuffled = order.generator(seed, order.SUBSET, *run).permutation(len(labels))
    priority = np.empty(len(labels))
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        priority[members] = (np.arange(len(members)) + 0.5) / len(members)
        priority[members[0]] = 0.0
    return shuffled[np.argsort(priority[shuffled], kind="stable")]


def held_out(
    labels: Int[np.ndarray, " N"],
    share: float,
    seed: int,
    groups: Int[np.ndarray, " N"] | None = None,
) -> Bool[np.ndarray, " N"]:
    """Returns which examples are held out: ``share`` of each class, rounded, but never all of it.

    >>> held_out(np.array([0, 0, 0, 0, 1, 1, 2]), 0.5, seed=0).sum()
    np.int64(3)

    Args:
      labels: Class of each example.
      share: Share of the examples, in [0, 1).
      seed: Seed of the choice within a class.
      groups: Number of the group of each example: those that are copies of one another, which stay
        together; ``None`` where none are known.
    """
    shuffled = order.generator(seed, order.VALIDATION).permutation(len(labels))
    return choose(labels, groups, shuffled, lambda n: min(round(share * n), n - 1))


def choose(
    labels: Int[np.ndarray, " N"],
    groups: Int[np.ndarray, " N"] | None,
    shuffled: Int[np.ndarray, " N"],
    quota: Callable[[int], int],
) -> Bool[np.ndarray, " N"]:
    """Returns a choice of so many examples of each class, whole groups at a time.

    A group that is larger than what is left of the quota is passed over, unless nothing is chosen
    yet and others remain.

    Args:
      labels: Class of each example.
      groups: Number of the group of each, or ``None``: then each is by itself.
      shuffled: The order in which they are looked at.
      quota: From the number of examples of a class to the number to choose.
    """
    chosen = np.zeros(len(labels), bool)
    copies = {} if groups is None else _members(groups)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        count = quota(len(members))
        if groups is None:
            chosen[members[:count]] = True
            continue
        member_groups = groups[members]
        names, sizes = np.unique(member_groups, return_counts=True)
        size = dict(zip(names.tolist(), sizes.tolist(), strict=True))
        taken = int(chosen[members].sum())
        passed = set(member_groups[chosen[members]].tolist())
        for group in dict.fromkeys(member_groups.tolist()):
            if group in passed or taken + size[group] > count:
                continue
            chosen[copies[group]] = True
            taken += size[group]
        if count and not taken and len(size) > 1:  # each group is larger than the quota
            smallest = min(dict.fromkeys(member_groups.tolist()), key=size.__getitem__)
            chosen[copies[smallest]] = True
    return chosen


def _members(groups: Int[np.ndarray, " N"]) -> dict[int, Int[np.ndarray, " n"]]:
    """Returns the examples of each group."""
    names, starts = np.unique(np.sort(groups), return_index=True)
    parts = np.split(np.argsort(groups, kind="stable"), starts[1:])
    return dict(zip(names.tolist(), parts, strict=True))


def noise_offsets(
    rows: Int[np.ndarray, " n"], *, count: int, share: float, num_classes: int, seed: int
) -> Int32[np.ndarray, " n"]:
    """Returns what to add to each label, modulo the number of classes: 0 leaves it as it is.

    Exactly ``round(share * n)`` labels change. What an example's label changes to depends on the
    seed and the example alone, and a larger share changes the same labels and more.

    Args:
      rows: Chosen examples, as positions in the whole split.
      count: Examples in the whole split.
      share: Share of labels that become wrong.
      num_classes: Number of classes; the wrong ones are equally likely.
      seed: Seed of the choice.
    """
    random = order.generator(seed, order.NOISE)
    turn = random.permutation(count)[rows]
    offsets = random.integers(1, num_classes, size=count, dtype=np.int32)[rows]
    changed = np.argsort(turn)[: round(share * len(rows))]
    noise = np.zeros(len(rows), np.int32)
    noise[changed] = offsets[changed]
    return noise
