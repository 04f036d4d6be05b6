"""Runs a study: trains what its plan says, and has the numbers concluded from."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections
from absl import logging

from depthstudy import config, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.store import RunStore
from depthstudy.study import measurement, processes
from depthstudy.study.conclude import Result, conclude
from depthstudy.study.plan import prepare
from depthstudy.study.progress import Advanced, Bar, Tell
from depthstudy.study.training import Trainer
from depthstudy.study.variant import VARIED, Variant

_FEW = 2  # variants for a process


def run(
    study: ml_collections.ConfigDict | StudyConfig,
    workdir: str | Path,
    *,
    command: str = "",
) -> Result:
    """Trains every variant with every seed, and writes records, summary and verdicts.

    Finished runs in ``workdir`` are not run again, an interrupted one continues from its last
    checkpoint, and a study may grow by seeds, variants and hypotheses from call to call.

    Args:
      study: The config of the study.
      workdir: Folder of the study.
      command: The command line, for the report.

    Raises:
      InputError: Something in the config is wrong, or ``workdir`` holds runs of another config.
    """
    study, variants = prepare(study)
    processes.check(study)
    workdir = Path(workdir)
    for variant in variants:
        for seed in range(study.seeds if not variant.info.same_as else 0):
            _refuse_other_config(RunStore.of(workdir, variant.name, seed), variant)
    for warning in dict.fromkeys(train.no_gain(variant.train.precision) for variant in variants):
        if warning:
            logging.warning(warning)
    start = time.perf_counter()
    with store.lock(workdir):
        count, compile_seconds = _train_all(study, variants, workdir)
        measurement.measure(study, variants, workdir)
        return conclude(study, variants, workdir, command, start, compile_seconds, count)


def _train_all(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> tuple[int, float]:
    """Trains what is left, and returns in how many processes and the seconds of compiling."""
    own = [variant for variant in variants if not variant.info.same_as]
    left = [_Left(variant, _untrained(study, variant, workdir)) for variant in own]
    tasks = [task for task in left if task.seeds]
    total = sum(variant.work for variant in own) * study.seeds
    count = processes.for_training(study, variants)
    with contextlib.closing(Bar(total)) as bar:
        bar.tell(Advanced(total - sum(task.work for task in tasks)))
        if count > 1:
            cut = len(own) < _FEW * count
            _train_side_by_side(study, _cut(tasks) if cut else tasks, workdir, count, bar.tell)
        else:
            trainer = Trainer(workdir, bar.tell)
            for task in tasks:
                trainer.fit(*task)
        return count, bar.compile_seconds


class _Left(NamedTuple):
    """Seeds of a variant that are not trained yet."""

    variant: Variant
    seeds: tuple[int, ...]

    @property
    def work(self) -> int:
        return self.variant.work * len(self.seeds)


def _untrained(study: StudyConfig, variant: Variant, workdir: Path) -> tuple[int, ...]:
    stores = [RunStore.of(workdir, variant.name, seed) for seed in range(study.seeds)]
    return tuple(seed for seed, run in enumerate(stores) if not run.read_outcome())


def _train_side_by_side(
    study: StudyConfig, tasks: Sequence[_Left], workdir: Path, count: int, tell: Tell
) -> None:
    """Trains in so many processes: whole nets, and when they are done what is pruned from them."""
    longest_first = sorted(tasks, key=lambda task: -task.work)
    with contextlib.closing(processes.Team(study, workdir, count, len(tasks))) as team:
        for is_pruned in (False, True):
            wave = [task for task in longest_first if task.variant.is_pruned == is_pruned]
            team.do(_train, [(task.variant.name, task.seeds) for task in wave], tell)


def _cut(tasks: Sequence[_Left]) -> list[_Left]:
    """Returns tasks of seeds that are trained at once, which are the least that can be apart.

    Where there are many variants it is quicker to leave all seeds of one to a process, which
    compiles once then.
    """
    return [
        _Left(task.variant, group)
        for task in tasks
        for group in train.choose(
            task.variant.train, task.variant.together(len(task.seeds))
        ).groups(task.seeds)
    ]


def _train(worker: processes.Worker, name: str, seeds: tuple[int, ...]) -> None:
    worker.trainer.fit(worker.variants[name], seeds)


def _refuse_other_config(run: RunStore, variant: Variant) -> None:
    """Refuses a folder that holds a run of the same name with other settings.

    A field that the stored config does not know yet counts as being at its default.
    """
    stored = run.read_info()
    if stored is None:
        return
    before = dataclasses.asdict(config.parse(stored.config))
    now = dataclasses.asdict(variant.config)
    changed = [
        f"{group}.{leaf} ({before[group][leaf]!r}, now {value!r})"
        for group in VARIED
        for leaf, value in now[group].items()
        if before[group][leaf] != value
    ]
    if stored.dataset != variant.dataset.name:
        changed.append(f"the images ({stored.dataset}, now {variant.dataset.name})")
    if changed:
        raise InputError(
            f"{run.folder} was trained with another config: {', '.join(changed)}; "
            "take another --workdir, or remove that folder"
        )
