"""Probes on the runs of a study itself: each run's last checkpoint is measured after training.

What a probe measured is written beside its run as soon as it is done, with the number of examples
and the time as records of their own (metrics ``"examples"`` and ``"seconds"``). So a measurement
that was interrupted goes on with the probes that are missing, and one with other examples, or of
another checkpoint, is made again.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from tqdm import tqdm

from depthstudy import probes
from depthstudy.arch import ArchSpec
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.records import Record, VariantInfo
from depthstudy.store import RunStore
from depthstudy.study import analysis
from depthstudy.study.variant import Datasets, Variant

_EXAMPLES = "examples"  # the record that says that a probe is done
_SECONDS = "seconds"


def check(study: StudyConfig) -> None:
    """Raises InputError where ``study.probes`` names something that is no probe, or one twice."""
    try:
        probes.check(study.probes)
    except InputError as error:
        raise InputError(f"config.probes: {error}") from error
    for name in study.probes:
        if study.probes.count(name) > 1:
            raise InputError(f"config.probes names {name!r} twice")


def measure(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    """Measures the last checkpoint of every variant, treated or not, of the first few seeds.

    Args:
      study: The config; ``probes``, ``probe_seeds`` and ``probe_examples`` say what is measured.
      variants: Its plan; all their runs are done.
      workdir: Its folder.
    """
    if not study.probes:
        return
    datasets = {variant.config.data: variant.dataset for variant in variants}
    with _progress_bar(study, variants) as bar:
        for _, alike in itertools.groupby(_by_architecture(variants), key=_compiled):
            for variant in alike:
                for run in runs(study, variant, workdir):
                    _measure_run(study, variant, run, datasets, bar)
            jax.clear_caches()  # programs of deep nets are large, and the next nets are others


def _by_architecture(variants: Sequence[Variant]) -> list[Variant]:
    """Returns the variants that have runs, those together that share their compiled programs."""
    own = [variant for variant in variants if not variant.info.same_as]
    order = list(dict.fromkeys(_compiled(variant) for variant in own))
    return sorted(own, key=lambda variant: order.index(_compiled(variant)))


def _compiled(variant: Variant) -> tuple[ArchSpec, tuple[int, int, int]]:
    """Returns what programs are compiled for."""
    return variant.spec, variant.info.image_shape


def _measure_run(
    study: StudyConfig, variant: Variant, run: RunStore, datasets: Datasets, bar: Any
) -> None:
    left = unmeasured(study, run)
    bar.update(variant.info.depth * (len(study.probes) - len(left)))
    if not left:
        return
    bar.set_description(f"{variant.name}: opening")
    opened = analysis.open_run(run.folder, None, study.probe_examples, datasets)
    for name in left:
        bar.set_description(f"{variant.name}: {name}")
        _measure_one(study, run, opened, name)
        bar.update(variant.info.depth)


def read(study: StudyConfig, variant: Variant, workdir: Path) -> list[Record]:
    """Returns what the probes of a study measured of the runs of a variant."""
    return [
        dataclasses.replace(row, study=study.name, variant=variant.name)
        for run in runs(study, variant, workdir)
        for row in run.read_probes()
        if row.probe in study.probes
    ]


def seconds(rows: Sequence[Record], infos: Sequence[VariantInfo]) -> float:
    """Returns the time that went into what was measured, runs of two variants counted once."""
    own = {info.name for info in infos if not info.same_as}
    return sum(row.value for row in rows if row.metric == _SECONDS and row.variant in own)


def runs(study: StudyConfig, variant: Variant, workdir: Path) -> list[RunStore]:
    """Returns the runs of a variant that are measured."""
    count = min(study.probe_seeds, study.seeds)
    return [RunStore.of(workdir, variant.runs, seed) for seed in range(count)]


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


def _measure_one(study: StudyConfig, run: RunStore, opened: analysis.Analysed, name: str) -> None:
    start = time.perf_counter()
    rows = analysis.measured(opened, name)
    notes = {_EXAMPLES: float(study.probe_examples), _SECONDS: time.perf_counter() - start}
    rows += [
        analysis.record(opened, name, probes.Measurement("", metric, value))
        for metric, value in notes.items()
    ]
    others = [row for row in run.read_probes() if row.probe != name]
    run.write_probes([*others, *rows])


def _progress_bar(study: StudyConfig, variants: Sequence[Variant]) -> Any:
    """Returns a bar over layers times probes, as what takes longest is to compile deep nets."""
    count = min(study.probe_seeds, study.seeds) * len(study.probes)
    return tqdm(
        total=sum(variant.info.depth for variant in _by_architecture(variants)) * count,
        bar_format="{percentage:3.0f}% |{bar:24}| {elapsed}, {remaining} left  {desc}",
        disable=None,
    )
