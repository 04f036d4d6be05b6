"""Runs a study: trains what its plan says, and has the numbers concluded from."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_collections
from tqdm import tqdm

from depthstudy import config, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.store import Outcome, RunInfo, RunStore
from depthstudy.study.conclude import Result, conclude
from depthstudy.study.plan import prepare
from depthstudy.study.variant import VARIED, Variant


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
        return conclude(study, variants, workdir, command, start, compile_seconds)


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
