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
from depthstudy.arch import ArchSpec
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError
from depthstudy.store import Outcome, RunInfo, RunStore
from depthstudy.study import measurement, pruned
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
        for seed in range(study.seeds if not variant.info.same_as else 0):
            _refuse_other_config(RunStore.of(workdir, variant.name, seed), variant)
    start = time.perf_counter()
    with store.lock(workdir):
        compile_seconds = _train_all(study, variants, workdir)
        measurement.measure(study, variants, workdir)
        return conclude(study, variants, workdir, command, start, compile_seconds)


def _train_all(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> float:
    """Trains what is not done yet, and returns the seconds that went into compiling."""
    compile_seconds = 0.0
    with _progress_bar(study, variants) as bar:
        for variant in variants:
            stores = [RunStore.of(workdir, variant.runs, seed) for seed in range(study.seeds)]
            left = [seed for seed, run in enumerate(stores) if not run.read_outcome()]
            if not left:
                bar.update(variant.work * study.seeds * (not variant.info.same_as))
            elif variant.is_pruned:
                compile_seconds += _train_pruned(variant, stores, workdir, bar)
            else:
                beginning = pruned.Beginning(variant.spec, variant.train)
                program = _program(variant, beginning, len(left), bar)
                compile_seconds += program.compile_seconds
                bar.update(variant.work * (study.seeds - len(left)))
                for seeds in program.placement.groups(left):
                    infos = [_run_info(variant, seed) for seed in seeds]
                    _train_group(program, variant, infos, [stores[seed] for seed in seeds], bar)
    return compile_seconds


def _train_pruned(variant: Variant, stores: Sequence[RunStore], workdir: Path, bar: Any) -> float:
    """Trains runs that start from their dense twins, and returns the seconds of compiling.

    What is compiled for a seed serves the next ones as long as they have the same architecture.
    """
    compile_seconds = 0.0
    last: tuple[ArchSpec, train.Program] | None = None
    for seed, run in enumerate(stores):
        if run.read_outcome():
            bar.update(variant.work)
            continue
        bar.set_description(f"{variant.name}: pruning seed {seed}")
        dense = RunStore.of(workdir, variant.info.dense, seed)
        beginning = pruned.begin(variant.config, variant.dataset, dense, run)
        if last and last[0] == beginning.spec:
            program = dataclasses.replace(last[1], start=beginning.variables)
        else:
            program = _program(variant, beginning, 1, bar)
            compile_seconds += program.compile_seconds
        last = beginning.spec, program
        _train_group(program, variant, [_run_info(variant, seed, beginning)], [run], bar)
    return compile_seconds


def _program(variant: Variant, beginning: pruned.Beginning, seeds: int, bar: Any) -> train.Program:
    bar.set_description(f"{variant.name}: compiling")
    own = beginning.train
    return train.build(
        beginning.spec,
        variant.config.data,
        own,
        variant.dataset,
        train.choose(own, seeds),
        beginning.variables,
        pruned.sparsity(variant.config.prune, train.count_steps(own, len(variant.dataset.train))),
    )


def _train_group(
    program: train.Program,
    variant: Variant,
    infos: Sequence[RunInfo],
    stores: Sequence[RunStore],
    bar: Any,
) -> None:
    """Trains the runs of a group together."""
    bar.set_description(f"{variant.name}: seed {', '.join(str(info.seed) for info in infos)}")
    for run, info in zip(stores, infos, strict=True):
        run.write_info(info)
    work = variant.work * len(stores) // variant.info.steps
    outcomes = train.fit(program, infos, stores, lambda steps: bar.update(work * steps))
    for info, outcome in zip(infos, outcomes, strict=True):
        bar.write(_outcome_line(variant.name, info.seed, outcome), file=sys.stderr)


def _run_info(variant: Variant, seed: int, beginning: pruned.Beginning | None = None) -> RunInfo:
    groups = dataclasses.asdict(variant.config)
    return RunInfo(
        study=variant.config.name,
        variant=variant.name,
        seed=seed,
        arch=(beginning.spec if beginning else variant.spec).to_json(),
        config={group: groups[group] for group in VARIED},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
        removed=beginning.removed if beginning else (),
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
        total=sum(v.work for v in variants if not v.info.same_as) * study.seeds,
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
