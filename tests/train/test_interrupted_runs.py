"""A run that is asked to end saves itself as it is, between two steps, and goes on from there."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from sampled import sampled
from short_runs import fit, left_behind

from depthstudy import arch, interruption, train
from depthstudy.config import DataConfig, TrainConfig
from depthstudy.data import Dataset
from depthstudy.store import RunStore, arrays

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


def assert_same(program: train.Program, one: Path, other: Path) -> None:
    """Checks that both seeds have left the same in two folders, but for times."""
    for seed in (0, 1):
        (state, *rest), (expected, *others) = (
            left_behind(program, folder, seed) for folder in (one, other)
        )
        jax.tree.map(np.testing.assert_array_equal, state, expected)
        np.testing.assert_equal(rest, others)


def interrupt(
    program: train.Program, folder: Path, check: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trains both seeds until they ask for the given time whether to end."""
    checks = 0

    def ask_to_end() -> None:
        nonlocal checks
        checks += 1
        if checks == check:
            raise interruption.InterruptedByUserError

    with monkeypatch.context() as patched:
        patched.setattr(interruption, "check", ask_to_end)
        with pytest.raises(KeyboardInterrupt):
            fit(program, folder)


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
    assert_same(program, tmp_path, whole)


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


@pytest.mark.parametrize("check", sampled([1, 4, 5, 8, 11, 20, 25], 2))
def test_it_ends_at_the_same_bits_wherever_it_is_interrupted(
    program: train.Program, whole: Path, tmp_path: Path, check: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(program, tmp_path, check, monkeypatch)
    steps = RunStore.of(tmp_path, "v", 0).checkpoints.all_steps()
    assert steps == RunStore.of(tmp_path, "v", 1).checkpoints.all_steps()
    assert steps[-1] == {1: 1, 4: 4}.get(check, steps[-1]) > 0
    assert not list(tmp_path.rglob("result.json"))
    advances: list[int] = []
    fit(program, tmp_path, advances.append)
    assert sum(advances) == program.steps  # what the bar is told
    assert min(advances) >= 0
    assert_same(program, tmp_path, whole)


@pytest.mark.parametrize(
    ("recorded", "check", "step"), sampled([(0, 5, 4), (1, 5, 4), (1, 30, 12), (0, 30, 12)], 2)
)
def test_it_ends_at_the_same_bits_where_one_alone_was_saved_with_its_evaluation(
    program: train.Program,
    whole: Path,
    tmp_path: Path,
    recorded: int,
    check: int,
    step: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a kill leaves it between the saves of two seeds after an evaluation that was resumed."""
    config = dataclasses.replace(program.config, keep_checkpoints=99, save_seconds=0.0)
    every, one = train.retarget(program, config, None), f"runs/v/seed{recorded}"
    interrupt(every, tmp_path / "mixed", check, monkeypatch)
    fit(every, tmp_path / "on")
    shutil.rmtree(tmp_path / "mixed" / one / f"checkpoints/{step}")
    place = f"{one}/checkpoints/{step}"
    shutil.copytree(tmp_path / "on" / place, tmp_path / "mixed" / place)
    readers = [RunStore.of(tmp_path / "mixed", "v", seed).checkpoints for seed in (0, 1)]
    assert [reader.all_steps()[-1] for reader in readers] == [step, step]
    measured = [reader.measured(step) for reader in readers]
    assert [bool(one and one.log) for one in measured] == [recorded == 1, recorded == 0]
    interrupt(program, tmp_path / "mixed", 1, monkeypatch)  # in that evaluation again
    fit(program, tmp_path / "mixed")
    assert_same(program, tmp_path / "mixed", whole)
    rows = RunStore.of(tmp_path / "mixed", "v", recorded).read_records()
    keys = [(row.step, row.probe, row.metric) for row in rows]
    assert len(keys) == len(set(keys))


def test_a_longer_training_records_the_same_where_it_is_interrupted(
    program: train.Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shorter one ended between two stops of the longer one, at which logs begin anew."""
    config = dataclasses.replace(program.config, steps=7, evaluations=1)
    fit(train.retarget(program, config, None), tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "broken")
    fit(program, tmp_path / "whole")
    interrupt(program, tmp_path / "broken", 2, monkeypatch)  # in the evaluation after step 8
    fit(program, tmp_path / "broken")
    assert_same(program, tmp_path / "broken", tmp_path / "whole")


def test_nothing_is_left_of_a_shorter_training_where_a_longer_one_diverges(
    program: train.Program, tmp_path: Path
) -> None:
    config = dataclasses.replace(program.config, steps=7, evaluations=1)
    fit(train.retarget(program, config, None), tmp_path)
    run = RunStore.of(tmp_path, "v", 0)
    assert (run.folder / "errors.npz").exists()
    assert (run.folder / "answers.npz").exists()

    def train_step(*arguments: Any) -> Any:
        after = program.train_step(*arguments)
        return after._replace(log=after.log._replace(loss=after.log.loss * np.nan))

    run.reopen()
    fit(dataclasses.replace(program, train_step=train_step), tmp_path)
    outcome = run.read_outcome()
    assert outcome is not None
    assert outcome.status == "diverged"
    assert (run.read_errors(), run.read_answers()) == ({}, {})
    assert sorted(outcome.files) == ["records.csv"]


@pytest.mark.parametrize(("minutes", "error"), [(None, KeyboardInterrupt), (1e-9, MemoryError)])
def test_the_time_of_steps_that_stay_counts(
    program: train.Program,
    tmp_path: Path,
    minutes: float | None,
    error: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A step takes two seconds, one of each seed; a signal comes in the third, or a kill."""
    now, steps = 0.0, 0

    def train_step(*arguments: Any) -> Any:
        nonlocal now, steps
        now, steps = now + 2.0, steps + 1
        return program.train_step(*arguments)

    def check() -> None:
        if steps == 3:
            raise interruption.InterruptedByUserError if minutes is None else MemoryError

    config = dataclasses.replace(program.config, save_minutes=minutes)
    slow = dataclasses.replace(program, train_step=train_step, config=config)
    clock = SimpleNamespace(perf_counter=lambda: now, monotonic=lambda: now)
    for module in ("loop", "run"):
        monkeypatch.setattr(f"depthstudy.train.{module}.time", clock)
    monkeypatch.setattr(interruption, "check", check)
    with pytest.raises(error):
        fit(slow, tmp_path)
    assert [outcome.train_seconds for outcome in fit(slow, tmp_path)] == [12.0, 12.0]


def test_none_loses_a_checkpoint_before_all_have_the_next(
    program: train.Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(program.config, save_minutes=1e-9, keep_checkpoints=1)
    write = arrays.write

    def fail(path: Path, *content: Any) -> None:
        if "/seed1/checkpoints/7." in str(path):
            raise OSError("no room")
        write(path, *content)

    monkeypatch.setattr(arrays, "write", fail)
    with pytest.raises(OSError, match="no room"):
        fit(train.retarget(program, config, None), tmp_path)
    saved = [set(RunStore.of(tmp_path, "v", seed).checkpoints.all_steps()) for seed in (0, 1)]
    assert max(saved[0]) == 7
    assert max(saved[0] & saved[1]) == 6
