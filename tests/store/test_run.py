"""Files: whole or not at all, and read back as they were."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from depthstudy import records, store
from depthstudy.errors import DamagedError, InputError
from depthstudy.store import RunInfo, RunStore

INFO = RunInfo(
    study="18",
    variant="NA",
    seed=3,
    arch="{}",
    config={"train": {"step_boundaries": [0.5], "precision": "auto"}},
    dataset="digits/1.0.0",
    image_shape=(8, 8, 1),
    class_names=("a", "b"),
)


def row(step: int, layer: str = "") -> records.Record:
    return records.Record(
        study="18",
        variant="NA",
        seed=3,
        step=step,
        probe="p",
        layer=layer,
        metric="m",
        value=1 / 3,
    )


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    store.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="Out of range"):
        store.write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text())["a"] == 1


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "NA", 3)
    assert run.read_records() == []
    rows = [row(1), row(2, "None"), row(3)]
    run.write_records(rows)
    assert run.read_records() == rows
    assert run.read_records(last_step=2) == rows[:2]


def test_infos_come_back_as_they_were(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "v", 0)
    assert run.read_info() is None
    assert run.read_outcome() is None
    run.write_info(INFO)
    assert run.read_info() == INFO


def test_a_run_of_a_version_without_preprocessing_is_read(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "v", 0)
    run.write_info(dataclasses.replace(INFO, preprocessing={"mean": [0.1], "resize": "crop"}))
    stored = run.read_info()
    assert stored is not None
    assert stored.preprocessing == {"mean": [0.1], "resize": "crop"}
    path = run.folder / "run.json"
    fields = json.loads(path.read_text())
    del fields["preprocessing"], fields["sha256"]
    path.write_text(json.dumps(fields))
    assert run.read_info() == INFO


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "v", 0)
    run.write_info(INFO)
    path = run.folder / "run.json"
    fields = json.loads(path.read_text())
    del fields["dataset"], fields["sha256"]
    path.write_text(json.dumps(fields))
    with pytest.raises(InputError, match=r"run\.json is not as this .* missing .* `dataset`"):
        run.read_info()
    path.write_text("{")
    with pytest.raises(InputError, match=r"run\.json is not as this version"):
        run.read_info()


def test_any_change_of_a_file_is_seen(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "v", 0)
    run.write_info(INFO)
    path = run.folder / "run.json"
    whole = path.read_text()
    path.write_text(whole.replace('"seed": 3', '"seed": 4'))
    with pytest.raises(InputError, match="its hash is another"):
        run.read_info()
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(json.loads(whole)).encode())
    assert run.read_info() == INFO  # the same values, laid out by an editor


def test_what_probes_measured_is_kept_apart(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "NA", 3)
    assert run.read_probes() == []
    run.write_records([row(1)])
    run.write_probes([row(2, "stem")])
    assert run.read_records() == [row(1)]
    assert run.read_probes() == [row(2, "stem")]


def test_tables_of_earlier_versions_are_read_under_present_names(tmp_path: Path) -> None:
    path = tmp_path / store.RECORDS
    path.write_text(
        "study,variant,seed,step,probe,layer,metric,value\n"
        "s,optimisation,0,9,deletion,,free_share,0.5\n"
        "s,v,0,9,generalisation,,gap,0.25\n"
    )
    table = store.read_table(path, records.Record)
    assert list(table["variant"]) == ["optimisation", "v"]  # a name that a user gave
    assert list(table["probe"]) == ["deletion", "generalization"]
    assert list(table["metric"]) == ["redundant_block_fraction", "gap"]
    names = [field.name for field in dataclasses.fields(records.Attribution)]
    former = [name.replace("ization", "isation") for name in names]
    path.write_text(f"{','.join(former)}\n{','.join(['optimisation'] * 5 + ['0'] * 15)}\n")
    (attribution,) = store.read_table(path, records.Attribution).to_dict("records")
    assert list(attribution) == names
    assert (attribution["mechanism"], attribution["group"]) == ("optimization", "optimisation")


def test_answers_come_back_small_and_as_they_were(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "NA", 3)
    assert run.read_answers() == {}
    sure = np.linspace(0.25, 1.0, 5, dtype=np.float32)
    run.write_answers({"label": np.array([0, 1, 2, 3, 65_000]), "confidence": sure})
    answers = run.read_answers()
    assert answers["label"].tolist() == [0, 1, 2, 3, 65_000]
    assert answers["confidence"] == pytest.approx(sure, abs=1e-3)  # half precision


def test_damaged_files_of_a_study_say_how_they_are_made_again(tmp_path: Path) -> None:
    store.write_scenes(tmp_path, np.zeros((2, 4, 4, 3), np.uint8), ["cat", "dog"])
    scenes = tmp_path / "test_images.npz"
    for content in (scenes.read_bytes()[:100], b"", b"not NumPy's", _an_array_alone()):
        scenes.write_bytes(content)
        with pytest.raises(
            DamagedError, match=r"test_images\.npz .*; run the command of the study"
        ):
            store.read_scenes(tmp_path)
    (tmp_path / "data.json").write_text("{}")
    with pytest.raises(DamagedError, match=r"data\.json .*`sets`; run the command of the study"):
        store.read_data(tmp_path)


def _an_array_alone() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def test_any_byte_of_an_archive_may_be_changed(tmp_path: Path) -> None:
    run = RunStore.of(tmp_path, "v", 0)
    run.write_answers({"label": np.arange(3)})
    path = run.folder / "answers.npz"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with contextlib.suppress(DamagedError):
            run.read_answers()


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EIO])
def test_folders_that_cannot_be_synchronized_can_be_written(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def refused(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(number)

    monkeypatch.setattr(os, "fsync", refused)
    refuses = pytest.raises(OSError, match=os.strerror(code))
    with refuses if code == errno.EIO else contextlib.nullcontext():
        store.write_text(tmp_path / "a.txt", "a")
    assert (tmp_path / "a.txt").read_text() == "a"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("results/h\udcc3\udca9", "results/hé"),  # how a C locale has Python see the letter
        ("results/\udcff", "results/\N{REPLACEMENT CHARACTER}"),
        ("\ud800 alone", "? alone"),
        ("日本", "日本"),
    ],
)
def test_a_name_of_any_bytes_can_be_read_again(tmp_path: Path, written: str, read: str) -> None:
    run = RunStore.of(tmp_path, "v", 0)
    run.write_info(dataclasses.replace(INFO, study=written))
    assert run.read_info() == dataclasses.replace(INFO, study=read)
