"""Runs of a few steps with seeds 0 and 1, and all that they leave, for tests that compare runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from depthstudy import train
from depthstudy.store import Outcome, RunInfo, RunStore

SEEDS = (0, 1)


def fit(
    program: train.Program, folder: Path, progress: Callable[[int], None] = lambda _: None
) -> list[Outcome]:
    """Trains both seeds, as its placement groups them."""
    outcomes: list[Outcome] = []
    for seeds in program.placement.groups(list(SEEDS)):
        stores = [RunStore.of(folder, "v", seed) for seed in seeds]
        outcomes += train.fit(program, [info(program, seed) for seed in seeds], stores, progress)
    return outcomes


def left_behind(program: train.Program, folder: Path, seed: int) -> tuple[Any, ...]:
    """Returns all that a run leaves but its times."""
    run = RunStore.of(folder, "v", seed)
    state = run.checkpoints.restore(program.steps, train.initial(program, seed).state)
    rows = [row for row in run.read_records() if not row.metric.endswith("seconds")]
    outcome = run.read_outcome()
    assert outcome is not None
    timeless = dataclasses.replace(outcome, train_seconds=0, eval_seconds=0)
    return state, run.read_errors(), run.read_answers(), rows, timeless


def info(program: train.Program, seed: int) -> RunInfo:
    """Returns what is known of a run before it is trained."""
    spec = program.network.spec
    assert spec is not None
    return RunInfo(
        study="test",
        variant="v",
        seed=seed,
        arch=spec.to_json(),
        config={},
        dataset=program.dataset.name,
        image_shape=program.dataset.image_shape,
        class_names=tuple(program.dataset.class_names),
    )
