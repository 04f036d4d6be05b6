"""Trains the runs of a study that are not done yet."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

from depthstudy import config, data, hosts, plan, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import DamagedError, InputError
from depthstudy.execute.executors import process_count
from depthstudy.execute.executors.choice import open_executor
from depthstudy.execute.executors.executor import Executor, InStep, Worker
from depthstudy.execute.progress import Bar, Event, EventSink
from depthstudy.plan import SWEEPABLE_GROUPS, Variant
from depthstudy.plan.follow_up import FollowUp, follow
from depthstudy.store import RunStore, repair

# What changes no result.
_PLACES = (
    "data.source_dir",
    "data.data_dir",
    "data.labels_csv",
    "data.workers",
    "train.save_minutes",
)
_FEW = 2  # variants for a process


def check(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    """Checks that a study can be trained in a folder; trains and writes nothing.

    Raises:
      InputError: The folder holds runs of another config, or there can be no such processes.
    """
    process_count.check(study)
    if jax.process_count() != hosts.count():
        raise InputError(
            f"JAX has {jax.process_count()} processes, and a study knows of {hosts.count()} hosts: "
            "join them by depthstudy.hosts.joined rather than jax.distributed.initialize"
        )
    for variant in variants:
        for seed in () if variant.info.same_as else variant.seeds_in(study):
            _refuse_other_config(RunStore.of(workdir, variant.name, seed), variant)


class Job(NamedTuple):
    """Seeds of a variant to train, and how it follows from one of the plan, if it does."""

    variant: Variant
    seeds: tuple[int, ...]
    follow_up: FollowUp | None = None

    @property
    def work(self) -> int:
        """Multiply-accumulates of the forward passes: its share of what is to be done."""
        return self.variant.work * len(self.seeds)

    @property
    def placement(self) -> train.Placement:
        """Where it is trained."""
        return train.choose(self.variant.train, self.variant.together(len(self.seeds)))

    @property
    def spans_hosts(self) -> bool:
        """Whether all hosts train it in step; otherwise one does."""
        return hosts.count() > 1 and self.placement.spans_hosts


def jobs_of(study: StudyConfig, variants: Sequence[Variant]) -> list[Job]:
    """Returns the jobs of a plan: every seed of each variant that has runs."""
    return [Job(v, tuple(v.seeds_in(study))) for v in variants if not v.info.same_as]


class Session:
    """Trains the runs of a study, in one go or as its results ask for more.

    Attributes:
      compile_seconds: The time of all processes that went into compiling.
      processes: In how many processes runs are trained.
      listener: Is told what happens, beside the bar; ``None`` where nobody is.
    """

    def __init__(
        self,
        study: StudyConfig,
        variants: Sequence[Variant],
        workdir: Path,
        config_file: str | None = None,
    ) -> None:
        """Starts nothing before there is something to train.

        Args:
          study: The config.
          variants: Its plan.
          workdir: Its folder.
          config_file: As in ``open_executor``.
        """
        self.compile_seconds = 0.0
        self.listener: EventSink | None = None
        self.processes = process_count.for_training(study, variants)
        self._study, self._variants, self._workdir = study, variants, workdir
        self._config_file = config_file
        self._executor: Executor | None = None

    def train(self, jobs: Sequence[Job]) -> None:
        """Trains what is not done of some jobs, dense nets before what is pruned from them."""
        self._repair(jobs)
        left = [job._replace(seeds=self._untrained(job)) for job in jobs]
        left = [job for job in left if job.seeds]
        total = sum(job.work for job in jobs)
        if (workers := max(self.processes, hosts.count())) > 1:
            few = len(jobs) < _FEW * workers
            left = [part for job in left for part in _parts(job)] if few else left
            left.sort(key=lambda job: -job.work)  # the longest first
        done = total - sum(job.work for job in left)
        with contextlib.closing(Bar(total, done)) as bar:
            for is_pruned in (False, True):
                for in_step in (True, False):
                    tasks = [
                        (job.variant.name, job.seeds, job.follow_up)
                        for job in left
                        if (job.variant.is_pruned, job.spans_hosts) == (is_pruned, in_step)
                    ]
                    if tasks:
                        function = InStep(_train) if in_step else _train
                        self._opened().do(function, tasks, self._heard(bar))
            self.compile_seconds += bar.compile_seconds

    def do(self, function: Callable[..., None], tasks: Sequence[tuple[Any, ...]]) -> None:
        """Calls ``function(worker, *task)`` for each task, in the processes that train."""
        with contextlib.closing(Bar(len(tasks))) as bar:
            if tasks:
                self._opened().do(function, tasks, bar.show)

    def store(self, variant: Variant, seed: int) -> RunStore:
        """Returns the store of a run."""
        return RunStore.of(self._workdir / variant.folder, variant.runs, seed)

    def _heard(self, bar: Bar) -> EventSink:
        def hear(event: Event) -> None:
            bar.show(event)
            if self.listener is not None:
                self.listener(event)

        return hear

    def close(self) -> None:
        """Ends the processes that were started."""
        if self._executor is not None:
            self._executor.close()

    def _repair(self, jobs: Sequence[Job]) -> None:
        """Has runs with damaged files be done again, and dense ones that are still to be pruned."""
        for job in jobs:
            for seed in job.seeds:
                repair(self.store(job.variant, seed))
        for job in jobs:
            if job.variant.is_pruned:
                for seed in self._untrained(job):
                    dense = RunStore.of(self._workdir, job.variant.info.dense, seed)
                    repair(dense, checkpoint=True)

    def _untrained(self, job: Job) -> tuple[int, ...]:
        return tuple(s for s in job.seeds if not self.store(job.variant, s).read_outcome())

    def _opened(self) -> Executor:
        if self._executor is None:
            self._executor = open_executor(
                self._study,
                self._variants,
                self._workdir,
                self.processes,
                self.processes,
                self._config_file,
            )
        return self._executor


def _parts(job: Job) -> list[Job]:
    """Returns a job cut into seeds that are trained at once, which are the least that can be apart.

    Where there are many variants it is quicker to leave all seeds of one to a process, which
    compiles once then.
    """
    groups = job.placement.groups(job.seeds)
    if hosts.count() > 1 and len(groups) == 1 and not job.spans_hosts:
        # One seed alone would not be a population, and be trained by all hosts in step.
        least = 2 if job.variant.train.placement == "auto" else 1
        count = max(1, min(hosts.count(), len(job.seeds) // least))
        groups = [job.seeds[i::count] for i in range(count)]
    return [job._replace(seeds=group) for group in groups]


def _train(
    worker: Worker, name: str, seeds: tuple[int, ...], follow_up: FollowUp | None = None
) -> None:
    variant = (
        worker.variants[name]
        if follow_up is None
        else follow(worker.variants[follow_up.base], follow_up)
    )
    worker.trainer.fit(variant, seeds)


def _refuse_other_config(run: RunStore, variant: Variant) -> None:
    """Refuses a folder that holds a run of the same name with other settings.

    A field that the stored config does not know yet counts as being at its default, and of the net
    what it is made of counts: the same net may have been asked for in another way.
    """
    stored = None
    with contextlib.suppress(DamagedError):  # then no checkpoint is whole, and it begins anew
        stored = run.read_info()
    if stored is None:
        return
    same_net = stored.arch == variant.spec.to_json()
    # An earlier version held nothing out.
    fields = {"validation": 0.0, **stored.config.get("data", {})}
    before = _settings(config.parse({**stored.config, "data": fields}), same_net)
    now = _settings(variant.config, same_net)
    changed = [
        f"{field} ({before.get(field)!r}, now {now.get(field)!r})"
        for field in dict.fromkeys([*now, *before])
        if before.get(field) != now.get(field)
    ]
    if stored.dataset != variant.dataset.name:
        changed.append(_changed_images(run, stored.dataset, variant.dataset))
    if changed:
        raise InputError(
            f"{run.folder} was trained with another config: {', '.join(changed)}; "
            "take another --workdir, or remove that folder"
        )


def _changed_images(run: RunStore, before: str, dataset: data.Dataset) -> str:
    """Says which images have changed since a run was begun, as far as its study wrote them down."""
    known = [row for row in store.find_data(run.folder) if row.dataset == before]
    files = () if dataset.source is None else dataset.source.files
    counts = data.changes(known, files) if known and files else f"{before}, now {dataset.name}"
    return f"the images of {dataset.called} ({counts})"


def _settings(study: StudyConfig, same_net: bool) -> dict[str, Any]:
    """Returns the dotted fields that a run depends on, those of the net unless it is the same.

    Images are known by their content: where they lie, and who reads them, does not matter.
    """
    groups = dataclasses.asdict(study)
    others = [group for group in SWEEPABLE_GROUPS if group != "model"]
    fields = {f"{group}.{leaf}": x for group in others for leaf, x in groups[group].items()}
    fields = {name: value for name, value in fields.items() if name not in _PLACES}
    return fields if same_net else plan.options_used(study.model) | fields
