"""Folders of every shape: none breaks the scan, and each file is an image or left out by name."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, load
from depthstudy.errors import InputError

PARTS = (
    "",
    "",
    "train",
    "Training",
    "test",
    "val",
    "DEV",
    "dataset",
    "dataset/train",
    "dataset/test",
)
CLASSES = ("cat", "dog", "café", "café", "cat ", "train", ".hidden", "")
DEEPER = ("", "", "", "more", "more/yet")
KINDS = {
    "a.png": ("PNG", "RGB"),
    "b.JPG": ("JPEG", "RGB"),
    "c.jfif": ("JPEG", "L"),
    "d.webp": ("WEBP", "RGB"),
    "e.bmp": ("BMP", "RGB"),
    "f.tiff": ("TIFF", "I;16"),
    "g.png": ("PNG", "P"),
    "h.jpeg": ("JPEG", "CMYK"),
    "i.png": ("PNG", "RGBA"),
    "j.tif": ("TIFF", "F"),
    "k.gif": ("GIF", "P"),
    "broken.png": None,
    "empty.jpg": None,
    "notes.txt": None,
    ".DS_Store": None,
    "no_suffix": None,
    "bad\udce9name.png": ("PNG", "L"),
}
entry = st.tuples(
    st.sampled_from(PARTS),
    st.sampled_from(CLASSES),
    st.sampled_from(DEEPER),
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 5),
)
LAYOUTS = (
    ("",),
    ("dataset",),
    ("train", "test"),
    ("Training", "val"),
    ("dataset/train", "dataset/test"),
    ("train", "test", "DEV"),
)
IMAGES = [name for name, kind in KINDS.items() if kind and kind[0] != "GIF" and kind[1] != "F"]


@st.composite
def folders(draw: st.DrawFn, extras: int) -> list[tuple[str, str, str, str, int]]:
    """Draws a folder that is mostly in order: some layout with two classes, and more beside it."""
    parts = draw(st.sampled_from(LAYOUTS))
    names = draw(st.sampled_from((("cat", "dog"), ("café", "dog"), ("cat ", "owl", "zebra"))))
    images = st.lists(st.sampled_from(IMAGES), min_size=2, max_size=4, unique=True)
    ordered = [
        (part, name, "", file, draw(st.integers(0, 5)))
        for part in parts
        for name in names
        for file in draw(images)
    ]
    return ordered + draw(st.lists(entry, max_size=extras))


def write(path: Path, kind: tuple[str, str] | None, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind is None:
        path.write_bytes(b"" if path.name.startswith("empty") else b"\x89PNG no image")
        return
    format, mode = kind
    image = Image.new("L", (4 + level % 3, 5), 40 * level)
    deep = {"I;16": np.uint16, "F": np.float32}
    if mode in deep:
        image = Image.fromarray(np.asarray(image).astype(deep[mode]))
    else:
        image = image.convert(mode)
    file = io.BytesIO()
    image.save(file, format)
    path.write_bytes(file.getvalue())


def entries(root: Path) -> set[str]:
    """Returns every file in a folder, and hidden folders by their own name."""
    paths = set()
    for folder, folders, files in os.walk(root):
        parent = Path(folder)
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = [name for name in folders if name not in hidden]
        for name in (*files, *hidden):
            relative = (parent / name).relative_to(root)
            paths.add(os.fsencode(relative).decode("utf-8", "backslashreplace"))
    return paths


def loaded(config: DataConfig) -> Dataset | str:
    """Returns the set, or the line that says why it is refused."""
    try:
        return load(config)
    except InputError as error:
        return str(error)


def check(files: list[tuple[str, str, str, str, int]]) -> bool:
    """Returns whether the files make a set; else the refusal is a short line."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        root = Path(folder) / "images"
        root.mkdir()
        for part, name, deeper, file, level in files:
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                write(root / part / name / deeper / file, KINDS[file], level)
        config = DataConfig(
            name="folder",
            source_dir=str(root),
            data_dir=f"{folder}/cache",
            image_size=4,
            validation=0.0,
        )
        dataset = loaded(config)
        if isinstance(dataset, str):
            assert "\n" not in dataset
            assert len(dataset) < 1_000
            return False
        assert dataset.source is not None
        rows = dataset.source.files
        assert {row.file for row in rows} == entries(root)
        assert len(rows) == len({row.file for row in rows})
        used = [row for row in rows if not row.left_out]
        trained_or_tested = [row for row in used if row.part != "validation"]
        assert len(trained_or_tested) == len(dataset.train) + len(dataset.test)
        assert all(bool(row.left_out) != bool(row.part) for row in rows)
        placed = {(row.digest, row.part) for row in trained_or_tested}
        on_both_sides = len(placed) > len({digest for digest, _ in placed})
        assert on_both_sides == any("in train and in test" in n for n in dataset.source.notes)
        return True


@given(st.lists(entry, min_size=4, max_size=40))
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_generated_folders(files: list[tuple[str, str, str, str, int]]) -> None:
    check(files)


def test_folders_that_are_mostly_in_order() -> None:
    assert count_of_sets(examples=30) > 4


@pytest.mark.slow
def test_many_generated_folders() -> None:
    assert count_of_sets(examples=150) > 40


def count_of_sets(examples: int) -> int:
    """Returns how many of so many generated folders made a set."""
    sets = 0

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(folders(extras=12))
    def each(files: list[tuple[str, str, str, str, int]]) -> None:
        nonlocal sets
        sets += check(files)

    each()
    return sets
