"""Checkpoints: whole, by name, of what was so when it was saved; readers change nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flax.struct
import numpy as np
import orbax.checkpoint as ocp
import pytest
from flax import serialization
from safetensors import safe_open
from safetensors.numpy import load_file

from depthstudy.errors import InputError
from depthstudy.store import CheckpointReader, CheckpointWriter, RunInfo

ROOT = Path(__file__).parents[2]
INFO = RunInfo(
    study="digits, Größe",
    variant="v",
    seed=3,
    arch='{"family": "plain"}',
    config={"train": {"step_boundaries": [0.5], "precision": "auto"}},
    dataset="digits/1.0.0",
    image_shape=(8, 8, 1),
    class_names=("a", "b"),
    preprocessing={"image_shape": [8, 8, 1], "mean": [0.1], "std": [1 / 3], "resize": "crop"},
)


class State(flax.struct.PyTreeNode):
    """Of the form of a training state."""

    step: Any
    params: Any
    batch_stats: Any
    opt_state: Any
    loss_scale: Any = None


def state(value: float) -> State:
    """Returns a state whose every array tells of ``value``, some of them without C order."""
    kernel = np.full((2, 3), value, np.float32) + np.arange(6, dtype=np.float32).reshape(3, 2).T
    return State(
        step=np.int32(2**24 + value),
        params={"stage2": {"block07": {"conv1": {"kernel": kernel}}}},
        batch_stats={"stem": {"norm": {"mean": np.full(3, value, np.float32)}}},
        opt_state=({"mask": np.array([True, False]), "count": np.uint32(value)}, {}, None),
    )


def assert_equal(a: State, b: State) -> None:
    flat = [serialization.to_state_dict(tree) for tree in (a, b)]
    for key in flat[0]:
        np.testing.assert_equal(flat[1][key], flat[0][key])
    assert a.step.dtype == b.step.dtype == np.int32
    assert isinstance(a.opt_state, tuple)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs/v/seed3/checkpoints"


def write(folder: Path, *steps: int, **options: Any) -> CheckpointReader:
    writer = CheckpointWriter(folder, **options)
    for step in steps:
        writer.save(step, state(step), INFO)
    writer.remove_old(steps[-1])
    writer.close()
    return CheckpointReader(folder)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Returns time and content of everything in a folder."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def test_a_state_comes_back_as_it_was(folder: Path) -> None:
    reader = write(folder, 1, 2)
    assert_equal(reader.restore(2, state(0)), state(2))
    plain = reader.restore(1)
    assert plain["opt_state"]["0"]["mask"].tolist() == [True, False]
    assert plain["step"] == 2**24 + 1
    variables = reader.variables(2)
    assert variables.keys() == {"params", "batch_stats"}
    np.testing.assert_equal(variables["params"], state(2).params)


def test_a_net_without_batch_statistics_has_variables(folder: Path) -> None:
    writer = CheckpointWriter(folder)
    writer.save(1, state(1).replace(batch_stats={}), INFO)
    writer.close()
    assert CheckpointReader(folder).variables(1)["batch_stats"] == {}


def test_the_file_of_variables_is_a_whole_net(folder: Path) -> None:
    write(folder, 7)
    file = folder / "7/state/variables.safetensors"
    arrays = load_file(file)
    assert sorted(arrays) == ["batch_stats/stem/norm/mean", "params/stage2/block07/conv1/kernel"]
    np.testing.assert_array_equal(
        arrays["params/stage2/block07/conv1/kernel"], [[7, 9, 11], [8, 10, 12]]
    )
    with safe_open(file, "np") as opened:
        header = opened.metadata()
    assert header["step"] == "7"
    assert header["arch"] == INFO.arch
    assert header["study"] == INFO.study
    assert json.loads(header["class_names"]) == ["a", "b"]
    assert json.loads(header["preprocessing"]) == INFO.preprocessing
    assert json.loads(header["config"]) == INFO.config


def test_the_readme_reads_a_checkpoint_without_depthstudy(folder: Path) -> None:
    write(folder, 144)
    blocks = re.findall(r"```python\n([^`]*)```", (ROOT / "docs/report.md").read_text())
    (snippet,) = [block for block in blocks if "safetensors" in block]
    assert "depthstudy" not in snippet
    shown = "results/quickstart/runs/resnet_depth8/seed0/checkpoints"
    assert snippet.count(shown) == 1
    names: dict[str, Any] = {}
    exec(snippet.replace(shown, str(folder)).replace("stage1/block01", "stage2/block07"), names)
    np.testing.assert_array_equal(names["kernel"], [[144, 146, 148], [145, 147, 149]])
    assert names["classes"] == ["a", "b"]
    assert names["preprocessing"] == INFO.preprocessing
    assert names["architecture"] == {"family": "plain"}


def test_the_last_and_the_chosen_stay(folder: Path) -> None:
    assert write(folder, 1, 2, 3, 4, keep=1, always=[2]).all_steps() == [2, 4]
    assert write(folder, 5, keep=2).all_steps() == [4, 5]


def test_an_old_one_stays_until_the_next_save(folder: Path) -> None:
    writer = CheckpointWriter(folder, keep=1)
    for step, expected in ((1, [1]), (2, [1, 2]), (3, [2, 3])):
        writer.save(step, state(step), INFO)
        writer.wait()
        assert CheckpointReader(folder).all_steps() == expected
    writer.close()


def test_what_is_ahead_of_a_run_that_goes_on_from_before_stays(folder: Path) -> None:
    write(folder, 1, 9)
    assert write(folder, 2, 3, 4, keep=1).all_steps() == [4, 9]


def test_a_writer_removes_what_is_half_written(folder: Path) -> None:
    partial = folder / "9.orbax-checkpoint-tmp"
    partial.mkdir(parents=True)
    assert write(folder, 1).all_steps() == [1]
    assert not partial.exists()


def test_a_checkpoint_that_exists_stays_as_it_is(folder: Path) -> None:
    write(folder, 3)
    before = tree(folder / "3")
    writer = CheckpointWriter(folder)
    writer.save(3, state(4), INFO)
    writer.close()
    assert tree(folder / "3") == before


def test_a_checkpoint_holds_what_was_so_when_it_was_saved(folder: Path) -> None:
    changing = state(1)
    changing.params["many"] = np.zeros(1_000_000, np.float32)
    writer = CheckpointWriter(folder)
    writer.save(1, changing, INFO)
    changing.params["many"] += 1
    writer.close()
    assert not CheckpointReader(folder).variables(1)["params"]["many"].any()


def test_what_the_writer_failed_at_is_not_lost(folder: Path) -> None:
    writer = CheckpointWriter(folder)
    writer.save(1, {"params": {"no array": object()}}, INFO)
    with pytest.raises(Exception, match="data-type"):
        writer.wait()


@pytest.fixture
def live(folder: Path) -> Iterator[Path]:
    """A folder with a save in progress and one that is finished, as a writer has it."""
    writer = CheckpointWriter(folder)
    writer.save(1, state(1), INFO)
    writer.wait()
    (folder / "2.orbax-checkpoint-tmp/state").mkdir(parents=True)
    (folder / "2.orbax-checkpoint-tmp/state/variables.safetensors").write_bytes(b"half")
    yield folder
    writer.close()


def test_a_reader_changes_nothing_while_a_save_is_in_progress(live: Path) -> None:
    before = tree(live)
    reader = CheckpointReader(live)
    assert reader.all_steps() == [1]
    assert_equal(reader.restore(1, state(0)), state(1))
    reader.variables(1)
    assert tree(live) == before


def test_a_reader_of_no_checkpoints_leaves_nothing(tmp_path: Path) -> None:
    assert CheckpointReader(tmp_path / "checkpoints").all_steps() == []
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_another_net_is_refused_by_its_names(folder: Path) -> None:
    reader = write(folder, 1)
    other = state(0).replace(params={"stem": {"kernel": np.zeros(1, np.float32)}})
    with pytest.raises(InputError, match=r"another net: missing arrays: \['params/stem/kernel'\]"):
        reader.restore(1, other)


def save_with_orbax(folder: Path, state: Any) -> None:
    manager = ocp.CheckpointManager(folder.absolute())
    manager.save(1, args=ocp.args.Composite(state=ocp.args.StandardSave(state)))
    manager.close()


def test_a_state_in_one_array_of_bytes_is_read(folder: Path) -> None:
    packed = np.frombuffer(serialization.to_bytes(state(5)), np.uint8)
    save_with_orbax(folder, {"msgpack": packed})
    reader = CheckpointReader(folder)
    assert reader.all_steps() == [1]
    assert_equal(reader.restore(1, state(0)), state(5))
    np.testing.assert_equal(reader.variables(1)["batch_stats"], state(5).batch_stats)
    assert write(folder, 2).all_steps() == [1, 2]  # a run goes on from it


def test_a_checkpoint_of_another_version_is_refused(folder: Path) -> None:
    save_with_orbax(folder, {"params": np.zeros(3)})
    with pytest.raises(InputError, match="checkpoints/1 is not as this version"):
        CheckpointReader(folder).variables(1)
