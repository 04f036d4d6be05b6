"""Runs a study: trains what its plan says, collects the records and judges the hypotheses."""

from __future__ import annotations

import dataclasses
import datetime
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_collections
import pandas as pd
from tqdm import tqdm

from depthstudy import config, records, runtime, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.records import StudyInfo, Verdict
from depthstudy.store import Outcome, RunInfo, RunStore
from depthstudy.study import decomposition, verdicts
from depthstudy.study.plan import VARIED, Variant, prepare, settings_of


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What a study found; all of it is also in ``workdir``."""

    workdir: Path
    info: StudyInfo
    summary: pd.DataFrame
    verdicts: tuple[Verdict, ...]


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
    workdir = Path(workdir)
    for variant in variants:
        for seed in range(study.seeds):
            _refuse_other_config(RunStore.of(workdir, variant.name, seed), variant)
    start = time.perf_counter()
    with store.lock(workdir):
        compile_seconds = _train_all(study, variants, workdir)
        return _conclude(study, variants, workdir, command, start, compile_seconds)


def _train_all(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> float:
    """Trains what is not done yet, and returns the seconds that went into compiling."""
    compile_seconds = 0.0
    with _progress_bar(study, variants) as bar:
        for variant in variants:
            stores = [RunStore.of(workdir, variant.name, seed) for seed in range(study.seeds)]
            if all(run.read_outcome() for run in stores):
                bar.update(variant.work * study.seeds)
                continue
            bar.set_description(f"{variant.name}: compiling")
            placement = train.choose(variant.config.train, study.seeds)
            program = train.build(
                variant.spec,
                variant.config.data,
                variant.config.train,
                variant.dataset,
                placement,
            )
            compile_seconds += program.compile_seconds
            for seeds in placement.groups(range(study.seeds)):
                _train_group(program, variant, stores, seeds, bar)
    return compile_seconds


def _train_group(
    program: train.Program,
    variant: Variant,
    stores: Sequence[RunStore],
    seeds: Sequence[int],
    bar: Any,
) -> None:
    """Trains the runs of a group, unless all are done.

    A group is trained as a whole: what a device computes may depend on how many seeds it holds.
    """
    group = [stores[seed] for seed in seeds]
    if all(run.read_outcome() for run in group):
        bar.update(variant.work * len(seeds))
        return
    bar.set_description(f"{variant.name}: seed {', '.join(map(str, seeds))}")
    infos = [_run_info(variant, seed) for seed in seeds]
    for run, info in zip(group, infos, strict=True):
        run.write_info(info)
    work = variant.work * len(seeds) // variant.info.steps
    outcomes = train.fit(program, infos, group, lambda steps: bar.update(work * steps))
    for seed, outcome in zip(seeds, outcomes, strict=True):
        bar.write(_outcome_line(variant.name, seed, outcome), file=sys.stderr)


def _conclude(
    study: StudyConfig,
    variants: Sequence[Variant],
    workdir: Path,
    command: str,
    start: float,
    compile_seconds: float,
) -> Result:
    """Collects the finished runs, judges the hypotheses and writes the tables of the study."""
    runs = [
        (variant, seed, RunStore.of(workdir, variant.name, seed))
        for variant in variants
        for seed in range(study.seeds)
    ]
    outcomes = [_finished(run) for _, _, run in runs]
    rows = [
        _summary(variant, seed, outcome)
        for (variant, seed, _), outcome in zip(runs, outcomes, strict=True)
    ]
    summary = records.frame(records.Summary, rows)
    judged = verdicts.judge(summary, settings_of(variants), study.hypotheses)
    parts = decomposition.decompose(
        summary,
        {variant.name: variant.info.group for variant in variants},
        {variant.name: variant.info.depth for variant in variants},
    )
    measured = [
        dataclasses.replace(row, study=study.name)
        for _, _, run in runs
        for row in run.read_records()
    ]
    store.write_table(workdir / store.RECORDS, records.frame(records.Record, measured))
    store.write_table(workdir / store.SUMMARY, summary)
    store.write_table(workdir / store.DECOMPOSITION, records.frame(records.Decomposition, parts))
    store.write_table(workdir / store.VERDICTS, records.frame(records.Verdict, judged))
    earlier = store.read_info(workdir)
    info = StudyInfo(
        name=study.name,
        command=command,
        config=dataclasses.asdict(study),
        seeds=study.seeds,
        variants=tuple(variant.info for variant in variants),
        versions=runtime.versions(),
        hardware=runtime.hardware(),
        seconds={
            "compile": compile_seconds + (earlier.seconds["compile"] if earlier else 0),
            "train": sum(outcome.train_seconds for outcome in outcomes),
            "evaluate": sum(outcome.eval_seconds for outcome in outcomes),
            "total": time.perf_counter() - start + (earlier.seconds["total"] if earlier else 0),
        },
        finished=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    store.write_info(workdir, info)
    return Result(workdir, info, summary, tuple(judged))


def _finished(run: RunStore) -> Outcome:
    outcome = run.read_outcome()
    assert outcome is not None, run.folder
    return outcome


def _summary(variant: Variant, seed: int, outcome: Outcome) -> records.Summary:
    return records.Summary(
        variant=variant.name,
        seed=seed,
        train_error=outcome.train_error,
        test_error=outcome.test_error,
        gap=outcome.test_error - outcome.train_error,
        parameters=variant.info.parameters,
        macs=variant.info.macs,
        seconds=outcome.train_seconds + outcome.eval_seconds,
    )


def _run_info(variant: Variant, seed: int) -> RunInfo:
    groups = dataclasses.asdict(variant.config)
    return RunInfo(
        study=variant.config.name,
        variant=variant.name,
        seed=seed,
        arch=variant.spec.to_json(),
        config={group: groups[group] for group in VARIED},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
    )


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


def _progress_bar(study: StudyConfig, variants: Sequence[Variant]) -> Any:
    """Returns a bar over the work of the whole study, so that its time left is the study's."""
    return tqdm(
        total=sum(variant.work for variant in variants) * study.seeds,
        bar_format="{percentage:3.0f}% |{bar:24}| {elapsed}, {remaining} left  {desc}",
        disable=None,
    )


def _outcome_line(name: str, seed: int, outcome: Outcome) -> str:
    diverged = f", diverged at step {outcome.diverged_at}" if outcome.diverged_at else ""
    return (
        f"{name} seed {seed}: train error {outcome.train_error:.1%}, "
        f"test error {outcome.test_error:.1%}, "
        f"{outcome.train_seconds + outcome.eval_seconds:.1f} s{diverged}"
    )
