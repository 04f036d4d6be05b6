"""Probes on checkpoints alone: a run folder says what the net is and what it learned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from depthstudy import nets, probes, records, runtime, stats, store
from depthstudy.analysis.opening import Analyzed, open_run
from depthstudy.deploy import read_info
from depthstudy.plan.variants.variant import Datasets
from depthstudy.records import AnalysisInfo, Record


def analyze(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    names: Sequence[str] = (),
    step: int | None = None,
    examples: int = 2_000,
    command: str = "",
) -> AnalysisInfo:
    """Measures runs, finished or not, and writes ``analysis.csv`` and ``analysis.json``.

    Args:
      folders: Run folders, as ``results/quickstart/runs/plain_depth8/seed0``.
      out: Where the tables are written.
      names: Probes; none are all.
      step: The checkpoint; ``None`` is each run's last.
      examples: How many examples of each split a probe looks at.
      command: The command line, for the report.

    Raises:
      InputError: No such probe, run or checkpoint.
      OSError: ``out`` cannot be written.
    """
    names, out = probes.check(names), store.bucket.write_to(out)
    places, datasets = [store.bucket.read_from(folder) for folder in folders], Datasets()
    for place in places:  # first, as the usual ``out`` is in one of them
        read_info(place)
    store.require_writable(out)
    opened = [open_run(place, step, examples, datasets) for place in places]
    return measure(opened, out, names=names, command=command)


def measure(
    opened: Sequence[Analyzed], out: str | Path, *, names: Sequence[str], command: str
) -> AnalysisInfo:
    """Measures opened nets and writes ``analysis.csv`` and ``analysis.json``.

    Args:
      opened: The nets, at least one.
      out: Where the tables are written.
      names: Probes; none are all.
      command: The command line, for the report.
    """
    seconds: dict[str, float] = {}
    rows: list[Record] = []
    chosen = list(names or probes.PROBES)
    with tqdm(total=len(opened) * len(chosen), unit="probe", disable=None) as bar:
        for run in opened:
            for name in chosen:
                bar.set_description(f"{run.info.variant}: {name}")
                start = time.perf_counter()
                rows += measured(run, name)
                seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
                bar.update()
    between = _between(opened, chosen)
    rows += between
    info = AnalysisInfo(
        command=command,
        runs=tuple(run.info for run in opened),
        probes={name: probes.PROBES[name].description for name in chosen},
        seconds=seconds,
        versions=runtime.versions(),
        hardware=runtime.hardware() | {"convolutions": nets.convolutions()},
        metrics={name: probes.PROBES[name].metrics for name in chosen}
        | {row.probe: probes.CROSS_METRICS for row in between},
        probe_titles={name: probes.PROBES[name].title for name in chosen},
    )
    out = store.bucket.write_to(out)
    store.write_table(out / store.ANALYSIS, records.frame(Record, rows))
    store.write_analysis_info(out, info)
    store.bucket.finish()
    return info


def measured(run: Analyzed, name: str) -> list[Record]:
    """Returns what a probe measures of a run."""
    bootstrap = stats.Bootstrap()
    return [
        record(run, probe, measurement, bootstrap)
        for probe, measurement in probes.measure(run.probe_input, [name])
    ]


def _between(opened: Sequence[Analyzed], names: Sequence[str]) -> list[Record]:
    """Compares the first run with each other one, where the probes that are asked for can."""
    if "cka" not in names:
        return []
    first, *others = opened
    _, *probe_names = records.cross_probes([run.info for run in opened])
    bootstrap = stats.Bootstrap()
    return [
        record(first, name, measurement, bootstrap)
        for name, other in zip(probe_names, others, strict=True)
        if other.probe_input.dataset.image_shape == first.probe_input.dataset.image_shape
        for measurement in probes.measure_between(first.probe_input, other.probe_input)
    ]


def record(
    run: Analyzed,
    probe: str,
    measurement: probes.Measurement,
    bootstrap: stats.Bootstrap | None = None,
) -> Record:
    """Returns a measurement of a run as a row of a table, with its interval over images."""
    sample, ends = measurement.sample, None
    if sample is not None and bootstrap is not None:
        ends = bootstrap.interval(sample.groups, sample.statistic, sample.columns)
    low, high = ends or (None, None)
    return Record(
        study=run.info.study,
        variant=run.info.variant,
        seed=run.info.seed,
        step=run.info.step,
        probe=probe,
        layer=measurement.layer,
        metric=measurement.metric,
        value=measurement.value,
        low=low,
        high=high,
    )
