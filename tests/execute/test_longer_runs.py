"""Runs that go on for longer once they are done: the same bits, or a line that says why not."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from depthstudy import execute, plan, store, study
from depthstudy.config import StudyConfig, Value, apply
from depthstudy.errors import InputError
from depthstudy.execute import Job
from depthstudy.plan.follow_up import follow, longer

pytestmark = pytest.mark.slow

SMALL = apply(
    StudyConfig(),
    (
        ("name", "small"),
        ("seeds", 2),
        ("model.depth", 8),
        ("model.width", 4),
        ("train.batch_size", 32),
        ("train.steps", 6),
        ("train.schedule", "constant"),
        ("train.warmup_steps", 2),
        ("train.evaluations", 1),
        ("train.log_every", 3),
    ),
)
NAME = "resnet_depth8"


def with_fields(**fields: Value) -> StudyConfig:
    return apply(SMALL, tuple((f"train.{name}", value) for name, value in fields.items()))


def last_state(workdir: Path, seed: int) -> Any:
    checkpoints = store.RunStore.of(workdir, NAME, seed).checkpoints
    assert checkpoints.all_steps()[-1] == 12
    return checkpoints.restore(12)


@pytest.mark.parametrize("placement", ["jit", "pmap"])
def test_going_on_is_as_if_it_had_never_ended(tmp_path: Path, placement: str) -> None:
    study.run(with_fields(placement=placement), tmp_path / "on")
    study.run(with_fields(placement=placement, steps=12), tmp_path / "on")
    study.run(with_fields(placement=placement, steps=12, evaluations=2), tmp_path / "whole")
    for seed in range(2):
        one, other = (last_state(tmp_path / name, seed) for name in ("on", "whole"))
        assert jax.tree.structure(one) == jax.tree.structure(other)
        jax.tree.map(np.testing.assert_array_equal, one, other)
        runs = [store.RunStore.of(tmp_path / name, NAME, seed) for name in ("on", "whole")]
        rows = [
            {
                (row.step, row.probe, row.metric): row.value
                for row in run.read_records()
                if not row.metric.endswith("seconds") and row.probe != "run"
            }
            for run in runs
        ]
        assert rows[0] == rows[1]
        assert [step for step, _, metric in rows[0] if metric == "test_error"] == [12]


def test_a_schedule_that_would_have_been_another_is_refused(tmp_path: Path) -> None:
    run = store.RunStore.of(tmp_path, NAME, 0)
    study.run(with_fields(schedule="cosine"), tmp_path)
    before = run.read_outcome()
    message = (
        r"seed0 cannot be trained for longer \(train.steps \(6, now 12\)\): by "
        r"train.schedule='cosine' the rate of step 4 was 0.08536 for 6 steps, and is 0.09755 for 12"
    )
    with pytest.raises(InputError, match=message):
        study.run(with_fields(schedule="cosine", steps=12), tmp_path)
    assert run.read_outcome() == before


def test_steps_that_fall_later_are_refused_and_none_that_have_not_fallen(tmp_path: Path) -> None:
    fields = {"schedule": "step", "step_boundaries": (0.5,)}
    study.run(with_fields(**fields), tmp_path / "fell")
    with pytest.raises(InputError, match=r"the rate of step 4 was 0\.01 for 6 steps, and is 0\.1"):
        study.run(with_fields(**fields, steps=12), tmp_path / "fell")
    never = {"schedule": "step", "step_boundaries": ()}
    study.run(with_fields(**never), tmp_path / "never")
    study.run(with_fields(**never, steps=12), tmp_path / "never")
    assert last_state(tmp_path / "never", 0)["step"] == 12


def test_a_shorter_training_is_another(tmp_path: Path) -> None:
    study.run(with_fields(), tmp_path)
    with pytest.raises(InputError, match=r"trained with another config: train.steps \(6, now 3\)"):
        study.run(with_fields(steps=3), tmp_path)


def test_what_is_saved_may_change_at_any_time(tmp_path: Path) -> None:
    fields = {"evaluations": 2, "save_seconds": 0.0}
    changed = {**fields, "save_seconds": 5.0, "keep_checkpoints": 1}
    study.run(with_fields(**fields), tmp_path)
    runs = [store.RunStore.of(tmp_path, NAME, seed) for seed in range(2)]
    before = [(run.read_outcome(), run.checkpoints.restore(6)) for run in runs]
    study.run(with_fields(**changed), tmp_path)  # it is done
    assert [run.read_outcome() for run in runs] == [outcome for outcome, _ in before]
    for run in runs:
        (run.folder / "result.json").unlink()
        shutil.rmtree(run.folder / "checkpoints" / "6")  # as a kill leaves it
        assert run.checkpoints.all_steps() == [3]
    study.run(with_fields(**changed), tmp_path)
    for run, (_, state) in zip(runs, before, strict=True):
        jax.tree.map(np.testing.assert_array_equal, run.checkpoints.restore(6), state)
    with pytest.raises(InputError, match=r"another config: train\.evaluations \(2, now 3\)"):
        study.run(with_fields(**fields | {"evaluations": 3}), tmp_path)


def test_runs_that_are_computed_otherwise_go_on_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    otherwise = {"scan_blocks": True, "rematerialize": True}
    study.run(with_fields(), tmp_path)
    study.run(with_fields(**otherwise), tmp_path)  # they are done
    assert "equal numbers" not in caplog.text
    study.run(with_fields(**otherwise, steps=12), tmp_path)
    for seed in range(2):
        assert last_state(tmp_path, seed)["step"] == 12
    messages = [line for line in caplog.messages if "equal numbers" in line]
    assert messages == [
        f"2 runs go on with train.{name}=True, which was False: equal numbers but for rounding"
        for name in ("rematerialize", "scan_blocks")
    ]


def begun(workdir: Path) -> store.RunStore:
    """Returns a run with a checkpoint of an early step, as a kill leaves it."""
    _, (variant,) = plan.prepare(with_fields())
    groups = dataclasses.asdict(variant.config)
    info = store.RunInfo(
        study="small",
        variant=variant.name,
        seed=0,
        arch=variant.spec.to_json(),
        config={group: groups[group] for group in ("model", "data", "train", "prune")},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
    )
    run = store.RunStore.of(workdir, variant.name, 0)
    run.write_info(info)
    with contextlib.closing(run.open_checkpoint_writer()) as writer:
        writer.save(3, {"params": {"kernel": np.ones(3)}, "batch_stats": {}}, info)
    return run


def test_a_run_without_its_description_is_known_by_its_checkpoint(tmp_path: Path) -> None:
    run = begun(tmp_path)
    (run.folder / "run.json").unlink()
    execute.check(*plan.prepare(with_fields()), tmp_path)
    with pytest.raises(InputError, match=r"another config: train\.learning_rate \(0\.1, now 0\.2"):
        execute.check(*plan.prepare(with_fields(learning_rate=0.2)), tmp_path)


def test_a_run_of_which_nothing_says_what_it_was_is_refused(tmp_path: Path) -> None:
    """As one of an earlier version, whose checkpoints do not say it."""
    run = begun(tmp_path)
    (run.folder / "run.json").unlink()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store.CheckpointReader, "info", lambda _: None)
        with pytest.raises(InputError, match=r"seed0 has checkpoints, and no whole run\.json"):
            execute.check(*plan.prepare(with_fields()), tmp_path)
        (run.folder / "run.json").write_text("{")
        with pytest.raises(InputError, match=r"put that file back, or remove the folder"):
            execute.check(*plan.prepare(with_fields()), tmp_path)
    for path in (run.folder / "checkpoints").rglob("*.safetensors"):
        path.write_bytes(b"")
    execute.check(*plan.prepare(with_fields()), tmp_path)  # it begins anew


def test_a_longer_training_that_follows_from_a_longer_one_goes_on(tmp_path: Path) -> None:
    for steps in (2, 4):
        config, (variant,) = plan.prepare(with_fields(steps=steps))
        how = longer(variant, 2)
        with contextlib.closing(execute.Session(config, (variant,), tmp_path)) as session:
            session.train([Job(follow(variant, how), (0,), how)])
        outcome = store.RunStore.of(tmp_path, f"{NAME}+longer2", 0).read_outcome()
        assert outcome is not None
        assert outcome.step == 2 * steps
