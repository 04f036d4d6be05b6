"""Probes on checkpoints alone: a run folder says what the net is and what it learned."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from depthstudy import config, data, nets, probes, records, runtime, store, train
from depthstudy.arch import ArchSpec, cost
from depthstudy.errors import InputError
from depthstudy.records import AnalysisInfo, AnalysisRun, Record
from depthstudy.store import RunInfo, RunStore


@dataclasses.dataclass(frozen=True, eq=False)
class Analysed:
    """A run opened at a checkpoint."""

    folder: Path
    info: RunInfo
    step: int
    subject: probes.Subject


def analyze(
    folders: Sequence[str | Path],
    out: Path,
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
    """
    probes.check(names)
    opened = [open_run(Path(folder), step, examples) for folder in folders]
    seconds: dict[str, float] = {}
    rows: list[Record] = []
    chosen = list(names or probes.PROBES)
    with tqdm(total=len(opened) * len(chosen), unit="probe", disable=None) as bar:
        for run in opened:
            for name in chosen:
                bar.set_description(f"{run.info.variant}: {name}")
                start = time.perf_counter()
                rows += _measured(run, name)
                seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
                bar.update()
    rows += _between(opened, chosen)
    info = AnalysisInfo(
        command=command,
        runs=tuple(_describe(run) for run in opened),
        probes={name: probes.PROBES[name].description for name in chosen},
        seconds=seconds,
        versions=runtime.versions(),
        hardware=runtime.hardware(),
    )
    store.write_table(out / store.ANALYSIS, records.frame(Record, rows))
    store.write_analysis_info(out, info)
    return info


def open_run(folder: Path, step: int | None, examples: int) -> Analysed:
    """Returns the net of a run folder at a checkpoint, with its data.

    Raises:
      InputError: The folder holds no run, or no such checkpoint.
    """
    run = RunStore(folder)
    info = run.read_info()
    if info is None:
        raise InputError(
            f"{folder} holds no run; a run folder is as results/NAME/runs/VARIANT/seed0"
        )
    checkpoints = run.open_checkpoints()
    try:
        steps = checkpoints.all_steps()
        if not steps or (step is not None and step not in steps):
            there = f"its checkpoints: {', '.join(map(str, steps))}" if steps else "it has none yet"
            raise InputError(f"{folder} has no checkpoint{_at(step)}; {there}")
        step = max(steps) if step is None else step
        state = checkpoints.restore(step)
    finally:
        checkpoints.close()
    dataset = data.load(config.parse(info.config).data)
    network = nets.Network(ArchSpec.from_json(info.arch))
    subject = probes.Subject(
        network=network,
        variables={"params": state["params"], "batch_stats": state["batch_stats"]},
        initial=nets.init(network, train.init_key(info.seed), info.image_shape),
        dataset=dataset,
        examples=examples,
    )
    return Analysed(folder, info, step, subject)


def _measured(run: Analysed, name: str) -> list[Record]:
    return [
        _record(run, probe, measurement)
        for probe, measurement in probes.measure(run.subject, [name])
    ]


def _between(opened: Sequence[Analysed], names: Sequence[str]) -> list[Record]:
    """Compares the first run with each other one, where the probes that are asked for can."""
    if "cka" not in names:
        return []
    first, *others = opened
    return [
        _record(first, f"cka with {other.info.variant} seed {other.info.seed}", measurement)
        for other in others
        if other.subject.dataset.image_shape == first.subject.dataset.image_shape
        for measurement in probes.measure_between(first.subject, other.subject)
    ]


def _record(run: Analysed, probe: str, measurement: probes.Measurement) -> Record:
    return Record(
        study=run.info.study,
        variant=run.info.variant,
        seed=run.info.seed,
        step=run.step,
        probe=probe,
        layer=measurement.layer,
        metric=measurement.metric,
        value=measurement.value,
    )


def _describe(run: Analysed) -> AnalysisRun:
    spec = run.subject.spec
    return AnalysisRun(
        folder=str(run.folder),
        study=run.info.study,
        variant=run.info.variant,
        seed=run.info.seed,
        step=run.step,
        family=spec.family,
        depth=cost(spec, run.info.image_shape).depth,
        image_shape=run.info.image_shape,
    )


def _at(step: int | None) -> str:
    return "" if step is None else f" at step {step}"
