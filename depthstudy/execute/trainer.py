"""Trains runs in the process that calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import jax

from depthstudy import hosts, train
from depthstudy.execute.progress import (
    Compiled,
    EventSink,
    RunFinished,
    StatusChanged,
    WorkDone,
)
from depthstudy.execute.starting_point import StartingPoint, prune_trained
from depthstudy.plan.variants import pruning
from depthstudy.plan.variants.variant import SWEEPABLE_GROUPS, Variant
from depthstudy.store import RunInfo, RunStore, repair_checkpoints

_KEPT = 4  # programs: of a net of each depth, as its settings are tried, and then used


class Trainer:
    """Trains runs; what was compiled for the last kinds of them serves the next ones."""

    def __init__(self, workdir: Path, sink: EventSink) -> None:
        """Trains in the folder of a study, and tells ``sink``, which may change, how it goes."""
        self._workdir = workdir
        self.sink = sink
        self.store: type[RunStore] = RunStore  # of runs; of those that another host writes, another
        self._programs: dict[tuple[object, ...], train.Program] = {}  # used last, last

    def fit(self, variant: Variant, seeds: Sequence[int]) -> None:
        """Trains some seeds of a variant, which are not done, to the end.

        Those of a pruned variant have each a starting_point of its own, and maybe an architecture.
        """
        for seed in seeds:
            repair_checkpoints(self._run(variant, seed))
        if not variant.is_pruned:
            starting_point = StartingPoint(variant.spec, variant.train)
            together = variant.together(len(seeds))
            program = self._program(variant, starting_point, together)
            groups = program.placement.groups(seeds) if together > 1 else [(s,) for s in seeds]
            for group in groups:
                self._train_group(program, variant, starting_point, group)
            return
        for seed in seeds:
            self.sink(StatusChanged(f"{variant.name}: pruning seed {seed}"))
            dense = RunStore.of(self._workdir, variant.info.dense, seed)
            starting_point = self._pruned(variant, seed, dense)
            program = self._program(variant, starting_point, 1)
            self._train_group(program, variant, starting_point, [seed])

    def _run(self, variant: Variant, seed: int) -> RunStore:
        return self.store.of(self._workdir / variant.folder, variant.runs, seed)

    def _pruned(self, variant: Variant, seed: int, dense: RunStore) -> StartingPoint:
        """Returns what a run starts from; of several hosts in step, one prunes."""

        def prune() -> StartingPoint:
            dataset = variant.dataset.of_run(seed)
            return prune_trained(variant.config, dataset, dense, self._run(variant, seed))

        return hosts.from_writer(prune) if train.choose(variant.train, 1).spans_hosts else prune()

    def _program(
        self, variant: Variant, starting_point: StartingPoint, seeds: int
    ) -> train.Program:
        """Returns a program for so many seeds, compiled if none of the last ones is of this kind.

        What a net starts from is left out of those that are kept, to save memory.
        """
        placement = train.choose(starting_point.train, seeds)
        kind = _kind(variant, starting_point, placement)
        kept = self._programs.pop(kind, None)
        if kept is not None:
            program = train.retarget(kept, starting_point.train, starting_point.variables)
        else:
            self.sink(StatusChanged(f"{variant.name}: compiling"))
            program = _built(variant, starting_point, placement)
            self.sink(Compiled(program.compile_seconds))
        self._programs[kind] = dataclasses.replace(program, start=None)
        while len(self._programs) > _KEPT:
            del self._programs[next(iter(self._programs))]
        return program

    def _train_group(
        self,
        program: train.Program,
        variant: Variant,
        starting_point: StartingPoint,
        seeds: Sequence[int],
    ) -> None:
        """Trains the runs of a group together."""
        self.sink(StatusChanged(f"{variant.name}: seed {', '.join(map(str, seeds))}"))
        stores = [self._run(variant, seed) for seed in seeds]
        infos = [_run_info(variant, seed, starting_point) for seed in seeds]
        for run, info in zip(stores, infos, strict=True):
            run.write_info(info)
        if variant.config.data.own_subset:
            (seed,) = seeds
            dataset = variant.dataset.of_run(seed)
            program = dataclasses.replace(program, dataset=dataset)
        work = variant.work * len(seeds) // variant.info.steps

        def progress(steps: int) -> None:
            self.sink(WorkDone(work * steps))

        outcomes = train.fit(program, infos, stores, progress, test=not variant.folder)
        for seed, outcome in zip(seeds, outcomes, strict=True):
            self.sink(RunFinished(variant.name, seed, outcome))


def _kind(
    variant: Variant, starting_point: StartingPoint, placement: train.Placement
) -> tuple[object, ...]:
    """Returns what a program is compiled for; of pruned nets, schedules are part of it."""
    alike = variant if variant.is_pruned else train.constant_part(starting_point.train)
    return starting_point.spec, variant.config.data, variant.dataset, alike, placement


def _built(
    variant: Variant, starting_point: StartingPoint, placement: train.Placement
) -> train.Program:
    train_config = starting_point.train
    steps = train.count_steps(train_config, len(variant.dataset.train))
    return train.build(
        starting_point.spec,
        variant.config.data,
        train_config,
        variant.dataset,
        placement,
        start=starting_point.variables,
        sparsity=pruning.sparsity(variant.config.prune, steps),
    )


def _run_info(variant: Variant, seed: int, starting_point: StartingPoint) -> RunInfo:
    groups = dataclasses.asdict(variant.config)
    return RunInfo(
        study=variant.config.name,
        variant=variant.name,
        seed=seed,
        arch=starting_point.spec.to_json(),
        config={group: groups[group] for group in SWEEPABLE_GROUPS},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
        removed=starting_point.removed,
        preprocessing=variant.dataset.preprocessing.to_dict(),
        platform=jax.default_backend(),
    )
