"""Probes on the runs of a study itself: each run's last checkpoint is measured after training.

What a probe measured is written beside its run as soon as it is done, with the number of examples
and the time as records of their own (metrics ``"examples"`` and ``"seconds"``). So a measurement
that was interrupted goes on with the probes that are missing, and one with other examples, or of
another checkpoint, is made again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
from collections.abc import Sequence
from pathlib import Path

import jax

from depthstudy import data, probes
from depthstudy.analysis import opening
from depthstudy.analysis import runs as analysis
from depthstudy.arch import Spec
from depthstudy.config import StudyConfig
from depthstudy.execute.executors import process_count
from depthstudy.execute.executors.executor import ExecutorTask, Worker
from depthstudy.execute.progress import (
    Bar,
    EventSink,
    StatusChanged,
    WorkDone,
)
from depthstudy.execute.training import Session
from depthstudy.plan.variants.variant import Variant
from depthstudy.records import Metric, Record, VariantInfo
from depthstudy.store import RunStore, repair

_EXAMPLES = "examples"  # the record that says that a probe is done
_SECONDS = "seconds"
NOTES = (
    Metric(
        name=_EXAMPLES,
        title="Examples looked at",
        unit="count",
        description="how many examples of each split the probe could look at",
    ),
    Metric(
        name=_SECONDS,
        title="Time to measure",
        unit="s",
        better="lower",
        description="wall time of the probe on this run, compiling included",
    ),
)
_LAYER_SECONDS = 0.05  # what a probe takes for a layer of a net


def measure(
    session: Session, study: StudyConfig, variants: Sequence[Variant], workdir: Path
) -> None:
    """Measures the last checkpoint of every variant, treated or not, of the first few seeds.

    Args:
      session: Its processes make room for those that measure.
      study: The config; ``probes``, ``probe_seeds`` and ``probe_examples`` say what is measured.
      variants: Its plan; runs that are not done are left out.
      workdir: Its folder.
    """
    if not study.probes:
        return
    groups = [list(alike) for _, alike in itertools.groupby(_by_architecture(variants), _compiled)]
    total = sum(_layers(study, variant, workdir) for group in groups for variant in group)
    count = process_count.count(study, len(groups), _LAYER_SECONDS * total)
    left = {_names(group): _layers_left(study, group, workdir) for group in groups}
    groups = [group for group in groups if left[_names(group)]]
    tasks = (
        sorted(map(_names, groups), key=lambda names: -left[names])
        if count > 1
        else [*map(_names, groups)]
    )
    with contextlib.closing(Bar(total, total - sum(left.values()))) as bar:
        if tasks:
            with contextlib.closing(session.open_in_place(count)) as executor:
                executor.do(_measure_named, map(ExecutorTask, tasks), bar.show)


def _names(variants: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(variant.name for variant in variants)


def _measure_named(worker: Worker, *names: str) -> None:
    variants = [worker.variants[name] for name in names]
    _measure_alike(worker.study, variants, worker.workdir, worker.sink)


def _measure_alike(
    study: StudyConfig, variants: Sequence[Variant], workdir: Path, sink: EventSink
) -> None:
    """Measures variants that share their compiled programs."""
    for variant in variants:
        for run in _done(study, variant, workdir):
            _measure_run(study, variant, run, sink)
    jax.clear_caches()  # programs of deep nets are large, and the next nets are others


def _layers(study: StudyConfig, variant: Variant, workdir: Path) -> int:
    """Returns layers times probes of the runs of a variant: what takes longest is to compile."""
    return variant.info.depth * len(_done(study, variant, workdir)) * len(study.probes)


def _layers_left(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> int:
    return sum(
        variant.info.depth * len(unmeasured(study, run))
        for variant in variants
        for run in _done(study, variant, workdir)
    )


def _by_architecture(variants: Sequence[Variant]) -> list[Variant]:
    """Returns the variants that have runs, those together that share their compiled programs."""
    distinct = [variant for variant in variants if not variant.info.same_as]
    order = list(dict.fromkeys(_compiled(variant) for variant in distinct))
    return sorted(distinct, key=lambda variant: order.index(_compiled(variant)))


def _compiled(variant: Variant) -> tuple[Spec, tuple[int, int, int]]:
    """Returns what programs are compiled for."""
    return variant.spec, variant.info.image_shape


def _measure_run(study: StudyConfig, variant: Variant, run: RunStore, sink: EventSink) -> None:
    left = unmeasured(study, run)
    if not left:
        return
    sink(StatusChanged(f"{variant.name}: opening"))
    datasets = data.Datasets({variant.config.data: variant.dataset})
    opened = opening.open_run(run.folder, None, study.probe_examples, datasets)
    for name in left:
        sink(StatusChanged(f"{variant.name}: {name}"))
        _measure_one(study, run, opened, name)
        sink(WorkDone(variant.info.depth))


def read(study: StudyConfig, variant: Variant, workdir: Path) -> list[Record]:
    """Returns what the probes of a study measured of the runs of a variant."""
    return [
        dataclasses.replace(row, study=study.name, variant=variant.name)
        for run in runs(study, variant, workdir)
        for row in run.read_probes()
        if row.probe in study.probes
    ]


def metrics(names: Sequence[str]) -> dict[str, tuple[Metric, ...]]:
    """Returns what each of these probes, and the measurement itself, writes of a run."""
    return {name: (*probes.PROBES[name].metrics, *NOTES) for name in names}


def seconds(rows: Sequence[Record], infos: Sequence[VariantInfo]) -> float:
    """Returns the time that went into what was measured, runs of two variants counted once."""
    counted = {info.name for info in infos if not info.same_as}
    return sum(row.value for row in rows if row.metric == _SECONDS and row.variant in counted)


def runs(study: StudyConfig, variant: Variant, workdir: Path) -> list[RunStore]:
    """Returns the runs of a variant that are measured."""
    seeds = variant.seeds_in(study)[: study.probe_seeds]
    return [RunStore.of(workdir, variant.runs, seed) for seed in seeds]


def _done(study: StudyConfig, variant: Variant, workdir: Path) -> list[RunStore]:
    return [run for run in runs(study, variant, workdir) if run.read_outcome()]


def repair_measured(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    """Has runs that are done, but whose last checkpoint is damaged, end again if it is measured."""
    for variant in variants:
        for run in runs(study, variant, workdir) if study.probes else ():
            repair(run)
            if run.read_outcome() and unmeasured(study, run):
                repair(run, checkpoint=True)


def unmeasured(study: StudyConfig, run: RunStore) -> list[str]:
    """Returns the probes of a study that have not measured the last checkpoint of a run."""
    outcome = run.read_outcome()
    assert outcome is not None, run.folder
    done = {
        row.probe
        for row in run.read_probes()
        if row.metric == _EXAMPLES and (row.step, row.value) == (outcome.step, study.probe_examples)
    }
    return [name for name in study.probes if name not in done]


def _measure_one(study: StudyConfig, run: RunStore, opened: opening.Analyzed, name: str) -> None:
    start = time.perf_counter()
    rows = analysis.measured(opened, name)
    notes = {_EXAMPLES: float(study.probe_examples), _SECONDS: time.perf_counter() - start}
    rows += [
        analysis.record(opened, name, probes.Measurement("", metric, value))
        for metric, value in notes.items()
    ]
    others = [row for row in run.read_probes() if row.probe != name]
    run.write_probes([*others, *rows])
