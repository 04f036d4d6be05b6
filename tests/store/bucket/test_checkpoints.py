"""Checkpoints in a bucket: fetched when they are read, and whole whatever is written meanwhile."""

from __future__ import annotations

import contextlib
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from depthstudy import arch
from depthstudy.deploy import choose_step
from depthstudy.errors import InputError
from depthstudy.store import RunInfo, RunStore, bucket
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket

STEPS = 40


def _info() -> RunInfo:
    return RunInfo(
        study="study",
        variant="net",
        seed=0,
        arch=arch.build("resnet", depth=8, width=4, layout="cifar").to_json(),
        config={},
        dataset="digits",
        image_shape=(8, 8, 1),
        class_names=("0", "1"),
    )


def _state(step: int) -> dict[str, dict[str, np.ndarray]]:
    kernel = np.full((100, 100), step, np.float32)
    return {"params": {"kernel": kernel}, "opt_state": {"kernel": kernel + 1}}


def _write(folder: Path, steps: range, ended: threading.Event | None = None) -> None:
    run = RunStore.of(folder, "net", 0)
    run.write_info(_info())
    writer = run.open_checkpoint_writer(keep=2)
    try:
        for step in steps:
            writer.save(step, _state(step), _info())
            writer.wait()
            bucket.finish()
        writer.remove_old(steps[-1])
    finally:
        writer.close()
        if ended:
            ended.set()


def _names(url: str) -> set[str]:
    return {
        name.partition("/")[0] for name in Bucket(f"{url}/runs/net/seed0/checkpoints").entries()
    }


def test_checkpoints_are_fetched_when_they_are_read(url: str) -> None:
    with bucket.work_in(url) as folder:
        _write(folder, range(1, 5))
    assert _names(url) == {"3", "4"}
    shutil.rmtree(places.buckets())
    with bucket.work_in(url) as folder:
        run = RunStore.of(folder, "net", 0)
        assert run.checkpoints.all_steps() == [3, 4]
        assert not list(folder.rglob("*.safetensors"))
        np.testing.assert_array_equal(run.checkpoints.restore(4)["params"]["kernel"], 4)
        assert len(list(folder.rglob("*.safetensors"))) == 2
        _write(folder, range(5, 6))  # which removes 3, which was never here
    assert _names(url) == {"4", "5"}


def test_what_a_process_saved_that_was_killed_then_is_put_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of several that share a local folder; another goes on, and has nothing to save."""
    with bucket.work_in(url) as folder:
        with monkeypatch.context() as killed:
            killed.setattr(bucket, "placed", lambda path: None)
            _write(folder, range(1, 3))
        assert _names(url) == set()
        writer = RunStore.of(folder, "net", 0).open_checkpoint_writer(keep=1)
        with contextlib.closing(writer):
            writer.remove_old(2)
    assert _names(url) == {"2"}


@pytest.mark.parametrize("half", ["variables.safetensors", "training.safetensors"])
def test_half_a_checkpoint_does_not_count(url: str, half: str) -> None:
    with bucket.work_in(url) as folder:
        _write(folder, range(1, 3))
    Bucket(url).remove([f"runs/net/seed0/checkpoints/2/state/{half}"])
    run = RunStore(bucket.read_from(f"{url}/runs/net/seed0"))
    assert choose_step(run, None) == (1, ())
    with bucket.work_in(url) as folder:
        assert RunStore.of(folder, "net", 0).checkpoints.all_steps() == [1]
    assert _names(url) == {"1"}  # what was left of it is removed


def test_a_reader_sees_whole_checkpoints_while_they_are_written(url: str) -> None:
    ended, seen = threading.Event(), []
    with bucket.work_in(url) as folder:
        _write(folder, range(1, 2))
        steps = range(2, STEPS)
        thread = threading.Thread(target=_write, args=(folder, steps, ended))
        thread.start()
        try:
            while not ended.is_set():
                run = RunStore(bucket.read_from(f"{url}/runs/net/seed0"))
                step, damaged = choose_step(run, None)
                assert not damaged
                arrays = run.checkpoints.restore(step, info=_info())
                np.testing.assert_array_equal(arrays["params"]["kernel"], step)
                np.testing.assert_array_equal(arrays["opt_state"]["kernel"], step + 1)
                seen.append(step)
        finally:
            thread.join()
    assert len(set(seen)) > 3
    assert seen == sorted(seen)


def test_a_reader_writes_nothing_but_what_it_is_asked_to(url: str) -> None:
    with bucket.work_in(url) as folder:
        _write(folder, range(1, 3))
    before = Bucket(url).entries()
    run = RunStore(bucket.read_from(f"{url}/runs/net/seed0"))
    choose_step(run, None)
    bucket.finish()
    assert Bucket(url).entries() == before
    with pytest.raises(InputError, match="has no checkpoint at step 7"):
        choose_step(run, 7)
