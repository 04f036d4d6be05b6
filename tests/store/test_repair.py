"""Damaged files of a run are seen, moved aside and named; what is whole stays as it is."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import flax.struct
import numpy as np
import pytest

from depthstudy.errors import DamagedError, InputError
from depthstudy.records import Record
from depthstudy.store import (
    Measured,
    Outcome,
    RunInfo,
    RunStore,
    damages,
    repair,
    repair_checkpoints,
)

INFO = RunInfo(
    study="s",
    variant="v",
    seed=3,
    arch="{}",
    config={},
    dataset="digits/1.0.0",
    image_shape=(8, 8, 1),
    class_names=("a", "b"),
)
OUTCOME = Outcome(
    status="finished",
    step=20,
    diverged_at=None,
    train_error=0.25,
    test_error=0.5,
    train_loss=1.0,
    test_loss=1.0,
    train_seconds=1.0,
    eval_seconds=1.0,
)
ROW = Record(study="s", variant="v", seed=3, step=20, probe="run", metric="m", value=1 / 3)


class State(flax.struct.PyTreeNode):
    params: Any
    batch_stats: Any


def state(value: float) -> State:
    return State({"head": {"kernel": np.full((4, 5), value, np.float32)}}, {})


@pytest.fixture
def run(tmp_path: Path) -> RunStore:
    """A run that is done, with checkpoints at three steps."""
    run = RunStore.of(tmp_path, "v", 3)
    run.write_info(INFO)
    writer = run.open_checkpoint_writer()
    for step in (5, 10, 20):
        writer.save(step, state(step), INFO, Measured([ROW], {"test": np.array([0.0, 1.0])}))
    writer.close()
    run.write_records([ROW])
    run.write_errors({"test": np.array([0.0, 1.0])})
    run.write_probes([ROW])
    run.write_outcome(OUTCOME)
    return run


def files(run: RunStore) -> set[str]:
    return {str(path.relative_to(run.folder)) for path in run.folder.rglob("*")}


def test_what_is_whole_is_left_alone(run: RunStore) -> None:
    before = files(run)
    repair(run, checkpoint=True)
    repair_checkpoints(run)
    assert files(run) == before
    assert run.read_outcome() == OUTCOME


@pytest.mark.parametrize("name", ["variables", "training"])
def test_any_byte_of_a_checkpoint_that_is_changed_is_seen(run: RunStore, name: str) -> None:
    path = run.folder / f"checkpoints/20/state/{name}.safetensors"
    content = path.read_bytes()
    harmless = 0
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        try:
            restored = run.checkpoints.restore(20, info=INFO)
        except InputError:
            continue
        harmless += 1  # as the hash's own name, or white space
        np.testing.assert_equal(restored["params"], state(20).params)
    assert harmless < 50


@pytest.mark.parametrize("length", [0, 1, 8, 100, -1])
def test_a_cut_checkpoint_is_moved_and_the_one_before_is_taken(
    run: RunStore, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = run.folder / "checkpoints/20/state/training.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    (run.folder / "checkpoints/99").mkdir()
    with caplog.at_level(logging.WARNING):
        repair_checkpoints(run)
    assert run.checkpoints.all_steps() == [5, 10]
    assert damages(run) == ["checkpoint20", "checkpoint99"]
    assert len(caplog.messages) == 2
    assert all("the run goes on from step 10" in message for message in caplog.messages)


@pytest.mark.parametrize("name", ["result.json", "run.json", "records.csv", "errors.npz"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"0", b"[" * 100_000])
def test_a_run_with_a_damaged_file_is_no_longer_done(
    run: RunStore, name: str, content: bytes
) -> None:
    (run.folder / name).write_bytes(content)
    repair(run)
    assert run.read_outcome() is None
    assert damages(run) == ["result.json"]
    assert run.read_info() == INFO  # of run.json a checkpoint knows the content


def test_a_result_that_cannot_be_is_no_result(run: RunStore) -> None:
    path = run.folder / "result.json"
    fields = json.loads(path.read_text()) | {"train_error": -5.0}
    del fields["sha256"]
    path.write_text(json.dumps(fields))
    with pytest.raises(DamagedError, match="train_error"):
        run.read_outcome()
    repair(run)
    assert run.read_outcome() is None


def test_damaged_probes_are_measured_again(run: RunStore) -> None:
    path = run.folder / "probes.csv"
    path.write_text(path.read_text().replace("0.3", "0.4"))
    repair(run)
    assert run.read_probes() == []
    assert run.read_outcome() == OUTCOME
    assert damages(run) == ["probes.csv"]


@pytest.mark.parametrize("fails", [".probes.json", "probes.csv"])
def test_probes_are_whole_wherever_a_kill_comes_between_their_files(
    run: RunStore, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def killed(source: Path, target: Path) -> None:
        if target.name == fails:
            raise MemoryError
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", killed)
        with pytest.raises(MemoryError):
            run.write_probes([ROW, ROW])
    repair(run)
    assert run.read_probes() == [ROW]
    run.write_probes([ROW, ROW, ROW])
    repair(run)
    assert len(run.read_probes()) == 3
    assert damages(run) == []


def test_a_run_without_its_description_is_what_its_checkpoint_says(run: RunStore) -> None:
    (run.folder / "run.json").unlink()
    assert run.read_info() == INFO
    other = RunStore(run.folder.parent / "other")
    assert other.read_info() is None


@pytest.mark.parametrize("name", ["errors.npz", "answers.npz"])
@pytest.mark.parametrize("cut", [0, 40, -10])
def test_arrays_that_cannot_be_read_are_a_line(run: RunStore, name: str, cut: int) -> None:
    run.write_answers({"label": np.arange(3)})
    path = run.folder / name
    path.write_bytes(path.read_bytes()[:cut])
    read = run.read_errors if name == "errors.npz" else run.read_answers
    with pytest.raises(DamagedError, match=rf"{name} is not as .*; run the command of the study"):
        read()


def test_a_checkpoint_that_cannot_be_removed_is_a_line(
    run: RunStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where its files are open elsewhere and the file system is NFS."""

    def refused(path: Path) -> None:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(path))

    folder = run.folder / "checkpoints"
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", refused)
        for _ in range(2):  # the second finds what the first has left
            with contextlib.closing(run.open_checkpoint_writer(keep=1)) as writer:
                writer.remove_old(20)
    assert run.checkpoints.all_steps() == [20]
    assert f"{folder}/5 cannot be removed ({os.strerror(errno.ENOTEMPTY)})" in caplog.text
    run.open_checkpoint_writer().close()
    assert [path.name for path in folder.iterdir()] == ["20"]


def test_what_is_moved_twice_is_kept_twice(run: RunStore) -> None:
    for _ in range(2):
        run.write_outcome(OUTCOME)
        (run.folder / "result.json").write_text("")
        repair(run)
    assert damages(run) == ["result.json", "result.json~1"]


def test_a_checkpoint_of_another_run_is_refused(run: RunStore, tmp_path: Path) -> None:
    other = RunStore.of(tmp_path, "v", 4)
    other.folder.mkdir(parents=True)
    (run.folder / "checkpoints").rename(other.folder / "checkpoints")
    info = RunInfo(**{**vars(INFO), "seed": 4})
    with pytest.raises(InputError, match="is of another run: it says seed 3, and lies"):
        other.checkpoints.restore(20, info=info)
    info = RunInfo(**{**vars(INFO), "dataset": "digits/2.0.0"})
    with pytest.raises(InputError, match=r"of another run: it says dataset digits/1\.0\.0"):
        other.checkpoints.restore(20, info=info)
    (other.folder / "checkpoints/20").rename(other.folder / "checkpoints/21")
    with pytest.raises(DamagedError, match="says that it is of step 20"):
        other.checkpoints.variables(21)


def test_what_was_measured_comes_back_with_the_checkpoint(run: RunStore) -> None:
    measured = run.checkpoints.measured(20)
    assert measured is not None
    assert measured.records == [ROW]
    np.testing.assert_array_equal(measured.errors["test"], [0.0, 1.0])
    assert measured.log == {}
