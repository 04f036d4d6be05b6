"""A run that is asked to end saves itself as it is, between two steps, and goes on from there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pytest
from short_runs import fit, left_behind

from depthstudy import arch, interruption, train
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.store import RunStore

CONFIG = TrainConfig(
    batch_size=64, eval_batch_size=200, steps=12, log_every=5, evaluations=3, placement="pmap"
)
SPEC = arch.build("resnet", depth=8, layout="cifar", width=4)


@pytest.fixture(scope="module")
def program(digits: Dataset) -> train.Program:
    return train.build(SPEC, DataConfig(shift=1), CONFIG, digits, train.choose(CONFIG, 2))


@pytest.fixture(scope="module")
def whole(program: train.Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    fit(program, folder)
    return folder


def test_it_goes_on_from_a_save_by_the_clock_where_it_is_killed(
    program: train.Program, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(program.config, save_minutes=1e-9)
    often, checks = train.retarget(program, config, None), 0

    def kill() -> None:
        nonlocal checks
        checks += 1
        if checks == 9:  # of step 8, after the evaluation at step 4 in two batches
            raise MemoryError

    monkeypatch.setattr(interruption, "check", kill)
    with pytest.raises(MemoryError):
        fit(often, tmp_path)
    steps = RunStore.of(tmp_path, "v", 0).checkpoints.all_steps()
    assert steps[-1] not in {5, 4, 8, 10, 12}
    fit(program, tmp_path)
    for seed in (0, 1):
        (state, *rest), (expected, *others) = (
            left_behind(program, folder, seed) for folder in (tmp_path, whole)
        )
        jax.tree.map(np.testing.assert_array_equal, state, expected)
        np.testing.assert_equal(rest, others)


def test_the_clock_saves_where_something_is_recorded_too(
    program: train.Program, tmp_path: Path
) -> None:
    for minutes, expected in ((1e-9, [*range(1, 13)]), (None, [4, 12])):
        config = dataclasses.replace(
            program.config, save_minutes=minutes, save_seconds=1e9, keep_checkpoints=99
        )
        fit(train.retarget(program, config, None), tmp_path / str(minutes))
        run = RunStore.of(tmp_path / str(minutes), "v", 0)
        assert run.checkpoints.all_steps() == expected


@pytest.mark.parametrize("check", [1, 4, 5, 8, 11, 20, 25])
def test_it_ends_at_the_same_bits_wherever_it_is_interrupted(
    program: train.Program, whole: Path, tmp_path: Path, check: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = 0

    def ask_to_end() -> None:
        nonlocal checks
        checks += 1
        if checks == check:
            raise interruption.InterruptedByUserError

    monkeypatch.setattr(interruption, "check", ask_to_end)
    with pytest.raises(KeyboardInterrupt):
        fit(program, tmp_path)
    steps = RunStore.of(tmp_path, "v", 0).checkpoints.all_steps()
    assert steps == RunStore.of(tmp_path, "v", 1).checkpoints.all_steps()
    assert steps[-1] == {1: 1, 4: 4}.get(check, steps[-1]) > 0
    assert not list(tmp_path.rglob("result.json"))
    fit(program, tmp_path)
    for seed in (0, 1):
        (state, *rest), (expected, *others) = (
            left_behind(program, folder, seed) for folder in (tmp_path, whole)
        )
        jax.tree.map(np.testing.assert_array_equal, state, expected)
        np.testing.assert_equal(rest, others)
