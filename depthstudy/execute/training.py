"""Trains what the plan of a study says and is not done yet."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from depthstudy import config, plan, train
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.execute import process_count
from depthstudy.execute.choice import open_executor
from depthstudy.execute.executor import Worker
from depthstudy.execute.progress import Bar, WorkDone
from depthstudy.plan import SWEEPABLE_GROUPS, Variant
from depthstudy.store import RunStore

_FEW = 2  # variants for a process


class Effort(NamedTuple):
    """What the training of a study took: processes, and seconds that went into compiling."""

    processes: int
    compile_seconds: float


def check(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    """Checks that a study can be trained in a folder; trains and writes nothing.

    Raises:
      InputError: The folder holds runs of another config, or there can be no such processes.
    """
    process_count.check(study)
    for variant in variants:
        for seed in range(study.seeds if not variant.info.same_as else 0):
            _refuse_other_config(RunStore.of(workdir, variant.name, seed), variant)


def train_all(
    study: StudyConfig,
    variants: Sequence[Variant],
    workdir: Path,
    config_file: str | None = None,
) -> Effort:
    """Trains every run that is not done, dense nets before what is pruned from them.

    Args:
      study: The config.
      variants: Its plan.
      workdir: Its folder.
      config_file: As in ``open_executor``.
    """
    own = [variant for variant in variants if not variant.info.same_as]
    left = [_Left(variant, _untrained(study, variant, workdir)) for variant in own]
    tasks = [task for task in left if task.seeds]
    total = sum(variant.work for variant in own) * study.seeds
    count = process_count.for_training(study, variants)
    if count > 1:
        tasks = _cut(tasks) if len(own) < _FEW * count else tasks
        tasks.sort(key=lambda task: -task.work)  # the longest first
    with contextlib.closing(Bar(total)) as bar:
        bar.show(WorkDone(total - sum(task.work for task in tasks)))
        with contextlib.closing(
            open_executor(study, variants, workdir, count, len(tasks), config_file)
        ) as executor:
            for is_pruned in (False, True):
                wave = [task for task in tasks if task.variant.is_pruned == is_pruned]
                executor.do(_train, [(task.variant.name, task.seeds) for task in wave], bar.show)
        return Effort(count, bar.compile_seconds)


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


def _train(worker: Worker, name: str, seeds: tuple[int, ...]) -> None:
    worker.trainer.fit(worker.variants[name], seeds)


def _refuse_other_config(run: RunStore, variant: Variant) -> None:
    """Refuses a folder that holds a run of the same name with other settings.

    A field that the stored config does not know yet counts as being at its default, and of the net
    what it is made of counts: the same net may have been asked for in another way.
    """
    stored = run.read_info()
    if stored is None:
        return
    same_net = stored.arch == variant.spec.to_json()
    before = _settings(config.parse(stored.config), same_net)
    now = _settings(variant.config, same_net)
    changed = [
        f"{field} ({before.get(field)!r}, now {now.get(field)!r})"
        for field in dict.fromkeys([*now, *before])
        if before.get(field) != now.get(field)
    ]
    if stored.dataset != variant.dataset.name:
        changed.append(f"the images ({stored.dataset}, now {variant.dataset.name})")
    if changed:
        raise InputError(
            f"{run.folder} was trained with another config: {', '.join(changed)}; "
            "take another --workdir, or remove that folder"
        )


def _settings(study: StudyConfig, same_net: bool) -> dict[str, Any]:
    """Returns the dotted fields that a run depends on, those of the net unless it is the same."""
    groups = dataclasses.asdict(study)
    others = [group for group in SWEEPABLE_GROUPS if group != "model"]
    fields = {f"{group}.{leaf}": x for group in others for leaf, x in groups[group].items()}
    return fields if same_net else plan.options_used(study.model) | fields
