"""Trains the runs of a study that are not done yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import logging

from depthstudy import hosts, train
from depthstudy.config import StudyConfig
from depthstudy.execute import earlier_runs
from depthstudy.execute.executors import process_count
from depthstudy.execute.executors.choice import open_executor
from depthstudy.execute.executors.executor import Executor, ExecutorTask, InStep, Worker
from depthstudy.execute.progress import Bar, Event, EventSink
from depthstudy.plan import Variant
from depthstudy.plan.follow_up import FollowUp, follow
from depthstudy.store import RunStore, repair

_FEW = 2  # variants for a process


class Job(NamedTuple):
    """Seeds of a variant to train, and how it follows from one of the plan, if it does."""

    variant: Variant
    seeds: tuple[int, ...]
    follow_up: FollowUp | None = None

    @property
    def base(self) -> str:
        """Name of the variant of the plan that it is, or that it follows from.

        That is one of the same net, but for nets of a search, which all follow from one.
        """
        return self.follow_up.base if self.follow_up else self.variant.name

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
        self._has_warned = False

    def train(self, jobs: Sequence[Job]) -> None:
        """Trains what is not done of some jobs, dense nets before what is pruned from them."""
        self._repair(jobs)
        left = [job._replace(seeds=self._untrained(job)) for job in jobs]
        left = [job for job in left if job.seeds]
        self._warn_of_types(jobs, left)
        total = sum(job.work for job in jobs)
        if (workers := max(self.processes, hosts.count())) > 1:
            # Where processes do not keep to what they have compiled, seeds of a net stay together.
            keeps = self.processes > 1 and self._study.executor != "ray"
            if keeps or len(jobs) < _FEW * workers:
                left = [part for job in left for part in _parts(job)]
            left.sort(key=lambda job: -job.work)  # the longest first
        done = total - sum(job.work for job in left)
        with contextlib.closing(Bar(total, done)) as bar:
            for is_pruned in (False, True):
                for in_step in (True, False):
                    tasks = [
                        ExecutorTask(
                            (job.variant.name, job.seeds, job.follow_up), job.base, job.work
                        )
                        for job in left
                        if (job.variant.is_pruned, job.spans_hosts) == (is_pruned, in_step)
                    ]
                    if tasks:
                        function = InStep(_train) if in_step else _train
                        self._opened().do(function, tasks, self._heard(bar))
            self.compile_seconds += bar.compile_seconds

    def do(self, function: Callable[..., None], tasks: Sequence[ExecutorTask]) -> None:
        """Calls ``function(worker, *arguments)`` for each, in the processes that train."""
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

    def open_in_place(self, processes: int) -> Executor:
        """Ends the processes that train, and returns who does other work in so many.

        Both at once would take twice the memory; those that train begin anew when they have to.
        """
        self.close()
        return self._open(processes)

    def close(self) -> None:
        """Ends the processes that were started."""
        if self._executor is not None:
            self._executor.close()
            self._executor = None

    def _repair(self, jobs: Sequence[Job]) -> None:
        """Has runs with damaged files be done again, and dense ones that are still to be pruned.

        Runs that are to be trained for longer than they were go on.

        Raises:
          InputError: There is a run of the same name with another config.
        """
        runs = [(self.store(job.variant, seed), job) for job in jobs for seed in job.seeds]
        for run, job in runs:  # what follows from results is in no plan that was checked before
            earlier_runs.refuse_other_config(run, job.variant)
        earlier_runs.warn_of_rounding([(run, job.variant) for run, job in runs if job.follow_up])
        for run, job in runs:
            repair(run)
            earlier_runs.reopen(run, job.variant)
        for job in jobs:
            if job.variant.is_pruned:
                for seed in self._untrained(job):
                    dense = RunStore.of(self._workdir, job.variant.info.dense, seed)
                    repair(dense, checkpoint=True)

    def _warn_of_types(self, jobs: Sequence[Job], left: Sequence[Job]) -> None:
        """Says once where jobs are left that are computed in another type than earlier runs."""
        is_local = self._study.executor == "local"  # others train on platforms of their own
        is_auto = any(job.variant.train.precision == "auto" for job in left)
        if self._has_warned or not (is_local and is_auto):
            return
        every = [*jobs_of(self._study, self._variants), *jobs]
        runs = [(self.store(job.variant, seed), job.variant) for job in every for seed in job.seeds]
        if line := earlier_runs.unlike_type(runs, self._workdir):
            logging.warning(line)
            self._has_warned = True

    def _untrained(self, job: Job) -> tuple[int, ...]:
        return tuple(s for s in job.seeds if not self.store(job.variant, s).read_outcome())

    def _opened(self) -> Executor:
        if self._executor is None:
            self._executor = self._open(self.processes)
        return self._executor

    def _open(self, processes: int) -> Executor:
        return open_executor(
            self._study, self._variants, self._workdir, processes, self._config_file
        )


def _parts(job: Job) -> list[Job]:
    """Returns a job cut into seeds that are trained at once, the least that can be apart."""
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
