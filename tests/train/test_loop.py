"""The loop: it resumes to the same bits, records what it measures, and survives divergence."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from short_runs import fit, info

from depthstudy import arch, train
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.store import RunStore
from depthstudy.train.program import state_form

CONFIG = TrainConfig(
    batch_size=64,
    eval_batch_size=200,
    steps=12,
    learning_rate=0.05,
    log_every=5,
    evaluations=3,
    save_seconds=0,
)
SPEC = arch.build("resnet", depth=8, layout="cifar", width=4)
DATA = DataConfig(shift=1)


PROGRAMS = [
    pytest.param(("jit", "float16"), id="jit-float16"),
    pytest.param(("pmap", "float32"), id="pmap-float32"),
]


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest, digits: Dataset) -> train.Program:
    placement, precision = request.param
    config = dataclasses.replace(CONFIG, placement=placement, precision=precision)
    return train.build(SPEC, DATA, config, digits, train.choose(config, 2))


def final_state(program: train.Program, folder: Path, seed: int) -> Any:
    checkpoints = RunStore.of(folder, "v", seed).checkpoints
    return checkpoints.restore(program.steps, train.initial(program, seed).state)


class InterruptionError(Exception):
    pass


def test_a_broken_run_ends_at_the_same_bits(program: train.Program, tmp_path: Path) -> None:
    whole = fit(program, tmp_path / "whole")
    done: list[int] = []

    def interrupt(steps: int) -> None:
        done.append(steps)
        if sum(done) >= 9:  # after the second of three evaluations
            raise InterruptionError

    with pytest.raises(InterruptionError):
        fit(program, tmp_path / "broken", interrupt)
    assert not list((tmp_path / "broken").rglob("result.json"))
    again = fit(program, tmp_path / "broken")
    for seed in (0, 1):
        states = [final_state(program, tmp_path / name, seed) for name in ("whole", "broken")]
        jax.tree.map(np.testing.assert_array_equal, *states)
        rows = [RunStore.of(tmp_path / n, "v", seed).read_records() for n in ("whole", "broken")]
        numbers = [
            [row for row in records if not row.metric.endswith("seconds")] for records in rows
        ]
        assert numbers[0] == numbers[1]
        errors = [RunStore.of(tmp_path / n, "v", seed).read_errors() for n in ("whole", "broken")]
        jax.tree.map(np.testing.assert_array_equal, *errors)
        assert (whole[seed].train_error, whole[seed].test_loss) == (
            again[seed].train_error,
            again[seed].test_loss,
        )


def test_what_is_recorded_and_when(program: train.Program, tmp_path: Path) -> None:
    taken: list[int] = []
    outcomes = fit(program, tmp_path, taken.append)
    groups = len(program.placement.groups([0, 1]))
    assert sum(taken) == 12 * groups
    store = RunStore.of(tmp_path, "v", 1)
    rows = store.read_records()
    steps = {
        metric: [row.step for row in rows if (row.probe, row.metric) == metric]
        for metric in [
            ("training", "loss"),
            ("evaluation", "train_error"),
            ("evaluation", "validation_error"),
            ("evaluation", "test_error"),
        ]
    }
    assert steps == {
        ("training", "loss"): [4, 5, 8, 10, 12],
        ("evaluation", "train_error"): [4, 8, 12],
        ("evaluation", "validation_error"): [4, 8, 12],
        ("evaluation", "test_error"): [12],  # read once
    }
    scaled = program.config.precision == "float16"
    scales = [(r.step, r.value) for r in rows if r.metric == "loss_scale"]
    assert scales == ([(step, 2.0**15) for step in (4, 5, 8, 10, 12)] if scaled else [])
    skipped = [row.value for row in rows if row.metric == "skipped_steps"]
    assert skipped == ([0.0] * 5 if scaled else [])
    (memory,) = [row for row in rows if row.metric == "step_memory_bytes"]
    assert (memory.probe, memory.step) == ("run", 0)
    assert memory.value == program.memory["step_memory_bytes"] > 0
    outcome = store.read_outcome()
    assert outcome == outcomes[1]
    assert outcome is not None
    assert (outcome.status, outcome.step, outcome.diverged_at) == ("finished", 12, None)
    wrong = outcome.test_error * 359  # every test example counts once
    assert wrong == pytest.approx(round(wrong), abs=1e-3)
    errors = store.read_errors()
    assert {split: len(wrong) for split, wrong in errors.items()} == {
        "validation": 287,
        "test": 359,
    }
    assert errors["test"].mean() == pytest.approx(outcome.test_error)
    assert errors["validation"].mean() == pytest.approx(outcome.validation_error)
    assert list(store.folder.glob("events.out.tfevents.*"))


def test_divergence_is_a_result(digits: Dataset, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, placement="jit", learning_rate=1e30, steps=40)
    program = train.build(SPEC, DATA, config, digits, train.choose(config, 1))
    taken: list[int] = []
    (outcome,) = train.fit(
        program, [info(program, 0)], [RunStore.of(tmp_path, "v", 0)], taken.append
    )
    assert outcome.status == "diverged"
    assert outcome.diverged_at is not None
    assert 1 < outcome.diverged_at <= 5
    assert (outcome.train_error, outcome.validation_error, outcome.test_error) == (0.9, 0.9, 0.9)
    assert RunStore.of(tmp_path, "v", 0).read_errors() == {}
    assert outcome.train_loss is None
    assert outcome.step < 40
    assert sum(taken) == 40  # the bar is told that nothing is left
    (again,) = train.fit(program, [info(program, 0)], [RunStore.of(tmp_path, "v", 0)], taken.append)
    assert dataclasses.replace(again, eval_seconds=outcome.eval_seconds) == outcome


@pytest.mark.parametrize(("save_seconds", "expected"), [(0.0, [3, 9, 12]), (1e6, [3, 12])])
def test_the_early_checkpoint_stays_and_one_that_comes_too_soon_is_not_written(
    program: train.Program, tmp_path: Path, save_seconds: float, expected: list[int]
) -> None:
    config = dataclasses.replace(program.config, evaluations=4, save_seconds=save_seconds)
    fit(dataclasses.replace(program, config=config), tmp_path)
    assert RunStore.of(tmp_path, "v", 0).checkpoints.all_steps() == expected


def test_the_form_of_a_state_is_that_of_the_first(program: train.Program) -> None:
    """What is resumed takes it from there, and draws no net to throw it away."""
    form, first = state_form(program), train.initial(program, 0).state
    assert jax.tree.structure(form) == jax.tree.structure(first)
    for wanted, given in zip(jax.tree.leaves(form), jax.tree.leaves(first), strict=True):
        assert (wanted.shape, wanted.dtype) == (given.shape, given.dtype)
