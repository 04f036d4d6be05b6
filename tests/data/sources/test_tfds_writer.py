from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from depthstudy.data.pipeline.decode import decode
from depthstudy.data.sources.tfds import reader, writer

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 6, 4), np.uint8)
LABELS = np.arange(50) % 3
NAMES = ("a", "b", "c")
SPLITS = {"train": (IMAGES[:40], LABELS[:40]), "test": (IMAGES[40:], LABELS[40:])}


def read(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    source = reader.open_folder(folder)
    assert source.class_names == NAMES
    assert source.image_shape == (6, 4, 1)
    examples = source.split(split)
    pairs = examples.read(np.arange(len(examples)))
    images = np.stack([decode(encoded, (6, 4, 1)) for encoded, _ in pairs])
    return images[..., 0], np.array([label for _, label in pairs])


def write(folder: Path) -> None:
    writer.write_arrays_once(folder, NAMES, SPLITS)


def test_round_trip_keeps_every_pixel_and_the_order(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tiny" / "1.0.0"
    write(folder)
    assert capfd.readouterr() == ("", "")  # quick work is silent
    for split, (images, labels) in SPLITS.items():
        got_images, got_labels = read(folder, split)
        np.testing.assert_array_equal(got_images, images)
        np.testing.assert_array_equal(got_labels, labels)


def test_labels_are_known_without_reading_the_images(tmp_path: Path) -> None:
    folder = tmp_path / "tiny" / "1.0.0"
    write(folder)
    examples = reader.open_folder(folder).split("train[10:20]+test")
    assert examples.knows_labels
    np.testing.assert_array_equal(examples.labels, [*LABELS[10:20], *LABELS[40:]])
    assert examples.groups is None  # nobody has looked for copies


def test_what_a_killed_process_left_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tiny" / "1.0.0"
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(folder)
    assert not folder.exists()
    leftover = folder.parent / ".1.0.0.partial"
    leftover.mkdir()
    (leftover / "rubbish").write_text("half a record")
    write(folder)
    assert read(folder, "train")[1].tolist() == LABELS[:40].tolist()
    assert not leftover.exists()
    assert not (folder / "rubbish").exists()


def interrupt(*paths: Path) -> None:
    raise KeyboardInterrupt


def test_a_set_that_is_there_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tiny" / "1.0.0"
    write(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    write(folder)
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_two_processes_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "tiny" / "1.0.0"
    processes = [
        multiprocessing.get_context("spawn").Process(target=write, args=(folder,)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert read(folder, "test")[1].tolist() == LABELS[40:].tolist()
