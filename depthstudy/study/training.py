"""Trains runs in the process that calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from depthstudy import train
from depthstudy.arch import ArchSpec
from depthstudy.store import RunInfo, RunStore
from depthstudy.study import pruned
from depthstudy.study.progress import Advanced, Compiled, Doing, Finished, Tell
from depthstudy.study.variant import VARIED, Variant


class Trainer:
    """Trains runs; what was compiled last serves the next ones as long as they are alike."""

    def __init__(self, workdir: Path, tell: Tell) -> None:
        """Trains in the folder of a study, and tells how it goes."""
        self._workdir = workdir
        self._tell = tell
        self._last: tuple[tuple[Variant, ArchSpec, int], train.Program] | None = None

    def fit(self, variant: Variant, seeds: Sequence[int]) -> None:
        """Trains some seeds of a variant, which are not done, to the end.

        Those of a pruned variant have each a beginning of its own, and maybe an architecture.
        """
        if not variant.is_pruned:
            beginning = pruned.Beginning(variant.spec, variant.train)
            program = self._program(variant, beginning, len(seeds))
            for group in program.placement.groups(seeds):
                self._train_group(program, variant, beginning, group)
            return
        for seed in seeds:
            self._tell(Doing(f"{variant.name}: pruning seed {seed}"))
            dense = RunStore.of(self._workdir, variant.info.dense, seed)
            beginning = pruned.begin(
                variant.config, variant.dataset, dense, self._run(variant, seed)
            )
            program = self._program(variant, beginning, 1)
            self._train_group(program, variant, beginning, [seed])

    def _run(self, variant: Variant, seed: int) -> RunStore:
        return RunStore.of(self._workdir, variant.runs, seed)

    def _program(self, variant: Variant, beginning: pruned.Beginning, seeds: int) -> train.Program:
        """Returns a program for so many seeds, compiled if the last one is not of this kind."""
        kind = variant, beginning.spec, seeds
        if self._last and self._last[0] == kind:
            program = dataclasses.replace(self._last[1], start=beginning.variables)
        else:
            self._tell(Doing(f"{variant.name}: compiling"))
            program = _built(variant, beginning, seeds)
            self._tell(Compiled(program.compile_seconds))
        self._last = kind, program
        return program

    def _train_group(
        self,
        program: train.Program,
        variant: Variant,
        beginning: pruned.Beginning,
        seeds: Sequence[int],
    ) -> None:
        """Trains the runs of a group together."""
        self._tell(Doing(f"{variant.name}: seed {', '.join(map(str, seeds))}"))
        stores = [self._run(variant, seed) for seed in seeds]
        infos = [_run_info(variant, seed, beginning) for seed in seeds]
        for run, info in zip(stores, infos, strict=True):
            run.write_info(info)
        work = variant.work * len(seeds) // variant.info.steps

        def progress(steps: int) -> None:
            self._tell(Advanced(work * steps))

        outcomes = train.fit(program, infos, stores, progress)
        for seed, outcome in zip(seeds, outcomes, strict=True):
            self._tell(Finished(variant.name, seed, outcome))


def _built(variant: Variant, beginning: pruned.Beginning, seeds: int) -> train.Program:
    own = beginning.train
    return train.build(
        beginning.spec,
        variant.config.data,
        own,
        variant.dataset,
        train.choose(own, seeds),
        beginning.variables,
        pruned.sparsity(variant.config.prune, train.count_steps(own, len(variant.dataset.train))),
    )


def _run_info(variant: Variant, seed: int, beginning: pruned.Beginning) -> RunInfo:
    groups = dataclasses.asdict(variant.config)
    return RunInfo(
        study=variant.config.name,
        variant=variant.name,
        seed=seed,
        arch=beginning.spec.to_json(),
        config={group: groups[group] for group in VARIED},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
        removed=beginning.removed,
    )
