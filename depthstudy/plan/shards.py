"""How a study is divided among machines: which seeds and which tuning are whose.

What is divided follows from the plan alone, so that every machine divides alike. Nets that are
pruned from another go where that one goes. Where shards come out about as large, all seeds of a net
stay together, which are compiled once then.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.evidence.choice import halving
from depthstudy.plan.follow_up import untreated
from depthstudy.plan.variants.variant import Variant

_UNEVEN = 1.1  # times as large as it has to be, at most, is a shard of nets with all their seeds
_TUNING = -1  # in the place of a seed: the trials of a net


@dataclasses.dataclass(frozen=True)
class Shard:
    """A part of a study, counted from 1.

    >>> str(Shard.parse("2/4"))
    '2/4'
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Returns the shard that is written as ``"2/4"``.

        Raises:
          InputError: It is none.
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        number, count = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= count:
            raise InputError(
                f"--shard={text} is none; give its number and how many there are, from 1/4 to 4/4"
            )
        return cls(number, count)

    @property
    def label(self) -> str:
        """A part of the name of a folder, as ``"shard2of4"``."""
        return f"shard{self.number}of{self.count}"

    def __str__(self) -> str:
        """Returns it as ``parse`` takes it."""
        return f"{self.number}/{self.count}"


class Share(NamedTuple):
    """What a shard does.

    Attributes:
      seeds: By name of a variant, the seeds that it trains.
      tuned: Names of the variants that it tunes.
      work: Share of the work of all shards.
    """

    seeds: Mapping[str, tuple[int, ...]]
    tuned: tuple[str, ...]
    work: float

    @property
    def runs(self) -> int:
        """How many runs it has, without trials."""
        return sum(map(len, self.seeds.values()))


_Task = tuple[str, int]  # name of a variant, and a seed or ``_TUNING``


def divide(study: StudyConfig, variants: Sequence[Variant], count: int) -> tuple[Share, ...]:
    """Returns what each of so many shards does; together they do each run of the plan once.

    Args:
      study: The config.
      variants: Its plan.
      count: How many shards.

    Raises:
      InputError: There are fewer runs than shards.
    """
    works = _works(study, variants)
    roots = {variant.name: variant.info.dense or variant.name for variant in variants}
    by_net = _groups(works, lambda task: roots[task[0]])
    by_seed = _groups(works, lambda task: (roots[task[0]], task[1]))
    if len(by_seed) < count:
        raise InputError(
            f"there are only {len(by_seed)} parts of this study that can be done apart; "
            f"--shard allows 1/{len(by_seed)} to {len(by_seed)}/{len(by_seed)} at most"
        )
    shards, finer = (_balanced(groups, works, count) for groups in (by_net, by_seed))
    if len(by_net) < count or _largest(shards, works) > _UNEVEN * _largest(finer, works):
        shards = finer
    return tuple(_share(tasks, works) for tasks in shards)


def _works(study: StudyConfig, variants: Sequence[Variant]) -> dict[_Task, float]:
    """Returns the multiply-accumulates of each run, and of the tuning of each net that is tuned."""
    works: dict[_Task, float] = {
        (variant.name, seed): float(variant.work)
        for variant in variants
        if not variant.info.same_as
        for seed in variant.seeds_in(study)
    }
    if study.tune:
        trials = halving.cost(study.tune) * study.tune_seeds
        works |= {(v.name, _TUNING): v.work * trials for v in untreated(variants)}
    return works


def _groups(works: Mapping[_Task, float], key: Callable[[_Task], object]) -> list[list[_Task]]:
    groups: dict[object, list[_Task]] = {}
    for task in works:
        groups.setdefault(key(task), []).append(task)
    return list(groups.values())


def _balanced(
    groups: Sequence[list[_Task]], works: Mapping[_Task, float], count: int
) -> list[list[_Task]]:
    """Returns the tasks of each shard: the largest group first, to whoever has least to do."""
    shards: list[list[_Task]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for group in sorted(groups, key=lambda group: -sum(works[task] for task in group)):
        least = loads.index(min(loads))
        shards[least] += group
        loads[least] += sum(works[task] for task in group)
    return shards


def _largest(shards: Sequence[list[_Task]], works: Mapping[_Task, float]) -> float:
    return max(sum(works[task] for task in shard) for shard in shards)


def _share(tasks: Sequence[_Task], works: Mapping[_Task, float]) -> Share:
    seeds: dict[str, tuple[int, ...]] = {}
    for name, seed in sorted(task for task in tasks if task[1] != _TUNING):
        seeds[name] = (*seeds.get(name, ()), seed)
    tuned = tuple(name for name, seed in tasks if seed == _TUNING)
    return Share(seeds, tuned, sum(works[task] for task in tasks) / sum(works.values()))
