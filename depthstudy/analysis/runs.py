"""Probes on checkpoints alone: a run folder says what the net is and what it learned."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from absl import logging
from tqdm import tqdm

from depthstudy import config, data, nets, probes, records, runtime, stats, store, train
from depthstudy.arch import Spec, spec_from_json
from depthstudy.deploy import choose_step, read_info
from depthstudy.errors import DamagedError, InputError
from depthstudy.plan import pruning
from depthstudy.plan.variant import Datasets
from depthstudy.records import AnalysisInfo, AnalysisRun, Record
from depthstudy.store import RunInfo, RunStore


@dataclasses.dataclass(frozen=True, eq=False)
class Analyzed:
    """A trained net, opened: what it is, and what probes take of it."""

    info: AnalysisRun
    probe_input: probes.ProbeInput


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
    """
    names = probes.check(names)
    datasets = Datasets()
    opened = [
        open_run(store.bucket.read_from(folder), step, examples, datasets) for folder in folders
    ]
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


def open_run(folder: Path, step: int | None, examples: int, datasets: Datasets) -> Analyzed:
    """Returns the net of a run folder at a checkpoint, with its data.

    Args:
      folder: The run folder; it says what the net is and what it learned.
      step: The checkpoint; ``None`` is the last.
      examples: How many examples of each split a probe looks at.
      datasets: Sets that are loaded already; one that is not is added.

    Raises:
      InputError: The folder holds no run, or no such checkpoint, or its images have changed.
    """
    run, info = RunStore(folder), read_info(folder)
    step, damaged = choose_step(run, step)
    study = config.parse(info.config)
    learned = images_of(folder, info, study.data, datasets).of_run(info.seed)
    dataset = _normalized_as_trained(learned, info)
    spec = spec_from_json(info.arch)
    training = _training(run, study, spec, dataset)
    steps = train.count_steps(training, len(dataset.train))
    early = train.early_step(training, steps)
    checkpoints = run.checkpoints
    variables = checkpoints.variables(step, info)
    has_early = early < step and early in checkpoints.all_steps()
    before = _early(checkpoints, early, info) if has_early else None
    network = nets.build(spec)
    drawn = study.prune == pruning.DENSE or study.prune.control != "none"
    key = train.init_key(info.seed)
    places = {"_initial": 0, "_early": early, "": step - 1}
    probe_input = probes.ProbeInput(
        network=network,
        variables=variables,
        initial=nets.init(network, key, info.image_shape) if drawn else None,
        early=before,
        rates=proportional_rates(training, study.prune, steps, places),
        dataset=dataset,
        examples=examples,
    )
    about = AnalysisRun(
        folder=store.bucket.shown(folder),
        study=info.study,
        variant=info.variant,
        seed=info.seed,
        step=step,
        family=spec.family,
        depth=nets.cost(spec, info.image_shape).depth,
        image_shape=info.image_shape,
        damaged=damaged,
    )
    return Analyzed(about, probe_input)


def images_of(
    folder: Path, info: RunInfo, data_config: config.DataConfig, datasets: Datasets
) -> data.Dataset:
    """Returns the images that a run has learned; the prepared ones, if its folder has changed."""
    try:
        dataset = datasets.get(data_config, info.dataset)
    except data.OtherDataError as error:
        known = store.find_data(folder)
        now = () if error.source is None else error.source.files
        changed = data.changes(known, now) if known else ""
        raise InputError(
            f"{folder} has learned other images than there are now{changed and f' ({changed})'}:"
            f" {error}"
        ) from error
    if dataset.name != info.dataset:
        raise InputError(
            f"{folder} has learned {info.dataset}, and not {dataset.name}, which was loaded"
        )
    return dataset


def _early(checkpoints: store.CheckpointReader, step: int, info: RunInfo) -> nets.Variables | None:
    """Returns the net early in its training, or ``None`` and a warning where it is damaged."""
    try:
        return checkpoints.variables(step, info)
    except DamagedError as error:
        logging.warning("%s; nothing is measured of it", error)
        return None


def _normalized_as_trained(dataset: data.Dataset, info: RunInfo) -> data.Dataset:
    """Returns the data set with the mean and deviation that the run stored, if it stored any."""
    if info.preprocessing is None:
        return dataset
    stored = data.Preprocessing.from_dict(info.preprocessing)
    if stored == dataset.preprocessing:
        return dataset
    mean, std = np.array(stored.mean, np.float32), np.array(stored.std, np.float32)
    return dataclasses.replace(dataset, mean=mean, std=std)


def measured(run: Analyzed, name: str) -> list[Record]:
    """Returns what a probe measures of a run."""
    bootstrap = stats.Bootstrap()
    return [
        record(run, probe, measurement, bootstrap)
        for probe, measurement in probes.measure(run.probe_input, [name])
    ]


def _training(
    run: RunStore, study: config.StudyConfig, spec: Spec, dataset: data.Dataset
) -> config.TrainConfig:
    """Returns how a run is trained; how long a pruned one is, its end says best."""
    training = pruning.training(spec, spec, study, dataset)
    outcome = run.read_outcome()
    if outcome is None or outcome.status != "finished":
        return training
    return dataclasses.replace(training, steps=outcome.step)


def proportional_rates(
    training: config.TrainConfig, prune: config.PruneConfig, steps: int, places: Mapping[str, int]
) -> dict[str, float]:
    """Returns the learning rate at each place; none where steps are not proportional to gradients.

    Those of AdamW are not, nor those of gradients that are cut to a norm.

    Args:
      training: How a net is trained.
      prune: How it is pruned meanwhile.
      steps: How long.
      places: Steps by the suffix of what is measured there.
    """
    if training.optimizer != "sgd" or training.gradient_clip is not None:
        return {}
    rate = train.learning_rate(training, steps, pruning.sparsity(prune, steps))
    return {suffix: float(jnp.asarray(rate(step))) for suffix, step in places.items()}


def _between(opened: Sequence[Analyzed], names: Sequence[str]) -> list[Record]:
    """Compares the first run with each other one, where the probes that are asked for can."""
    if "cka" not in names:
        return []
    first, *others = opened
    bootstrap = stats.Bootstrap()
    return [
        record(
            first, f"cka with {other.info.variant} seed {other.info.seed}", measurement, bootstrap
        )
        for other in others
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
