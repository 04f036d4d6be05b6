"""Layouts that others use, and labels from a CSV file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from image_folders import gray, levels, opened, write

from depthstudy.data.sources.folder import labels_csv, layout
from depthstudy.errors import InputError


def flat(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for i in range(count):
        gray(200 + i).save(folder / f"ILSVRC2012_val_{i:08d}.JPEG")


@pytest.mark.parametrize("name", ["test", "val"])
def test_a_test_folder_without_classes_has_no_labels(tmp_path: Path, name: str) -> None:
    """Kaggle's test set, and ImageNet's val: what is trained on is divided, and it is said."""
    root = write(tmp_path / "images", {"train/a": 5, "train/b": 5})
    flat(root / name, 30)
    scan = layout.scan(str(root))
    assert (scan.part_names, len(scan.files), len(scan.left_out)) == ({}, 10, 30)
    assert {left.reason for left in scan.left_out} == {"without labels"}
    assert scan.notes == (
        f"{name} is not read: its 30 images are in no class folder, so without labels",
    )
    assert len(opened(root).test) == 2


def test_a_folder_deeper(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"dataset/a": 3, "dataset/b": 3})
    (root / "README.txt").touch()
    scan = layout.scan(str(root))
    assert (scan.class_names, len(scan.files), len(scan.left_out)) == (("a", "b"), 6, 1)
    deep = write(tmp_path / "deep", {f"x/y/{p}/{c}": 2 for p in ("TRAIN", "Testing") for c in "ab"})
    assert layout.scan(str(deep)).part_names["test"] == "Testing"


def test_many_classes_that_differ_make_a_short_line(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"train/a": 1, **{f"val/n{i:08d}": 1 for i in range(300)}})
    with pytest.raises(InputError, match=r"and 295 more$") as caught:
        layout.scan(str(root))
    assert len(str(caught.value)) < 400


def test_names_that_look_alike(tmp_path: Path) -> None:
    for one, other in (("café", "cafe\u0301"), ("a", "a ")):
        root = write(tmp_path / one, {one: 2, other: 2, "z": 2})
        with pytest.raises(InputError, match="names look alike"):
            layout.scan(str(root))
    root = write(
        tmp_path / "parts", {"train/café": 2, "test/cafe\u0301": 2, "train/z": 2, "test/z": 2}
    )
    assert layout.scan(str(root)).class_names == ("café", "z")


def test_a_class_that_is_a_link_to_another(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 2, "b": 2})
    (root / "c").symlink_to(root / "a")
    with pytest.raises(InputError, match="a class folder 'c' that is a link to another, 'a'"):
        layout.scan(str(root))


def test_a_link_that_goes_round_is_left_out(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"a": 2, "b": 2})
    (root / "a" / "up").symlink_to(root)
    scan = layout.scan(str(root))
    assert "a link to a folder above it" in {left.reason for left in scan.left_out}


def test_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    write(root, {"a": 2, "b": 2})
    with pytest.raises(InputError, match=r"caf\\\\xe9' is not UTF-8"):
        layout.scan(str(root))


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n{}",
        "label;image\n{}",
        "id,breed\n{}",
        "\ufefffilename,width,class\n{}",
    ],
)
def test_labels_from_a_csv_file(tmp_path: Path, text: str) -> None:
    """Columns by name or order, files by path, name or name without suffix."""
    root = tmp_path / "images"
    (root / "more").mkdir(parents=True)
    names = [f"{i:02d}.png" for i in range(8)] + [f"more/{i:02d}.png" for i in range(8, 12)]
    for i, name in enumerate(names):
        gray(i).save(root / name)
    header = text.split("\n")[0]
    rows = []
    for i, name in enumerate(names[:-1]):
        label, file = ("cat", "dog")[i % 2], Path(name).stem if header.startswith("id") else name
        rows.append({"label;image": f"{label};{file}"}.get(header, f"{file},{label}"))
        if "width" in header:
            rows[-1] = f"{file},6,{label}"
    rows.append(rows[0].replace("00", "absent"))
    (root / "labels.csv").write_text(text.format("\n".join(rows)))
    dataset = opened(root, labels_csv="labels.csv")
    assert dataset.class_names == ("cat", "dog")
    pairs = [
        (level, label)
        for split in (dataset.train, dataset.test)
        for level, label in zip(levels(split), split.labels.tolist(), strict=True)
    ]
    assert sorted(pairs) == [(i, i % 2) for i in range(11)]
    left_out = {row.file: row.left_out for row in dataset.source.files if row.left_out}
    assert left_out["more/11.png"] == "not in labels.csv"
    assert sum("not in the folder" in why for why in left_out.values()) == 1


def test_a_csv_file_that_divides(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"x": 8})
    rows = [f"x/{i:02d}.png,{i % 2 + 9},{'train' if i < 5 else 'Test'}" for i in range(8)]
    (root / "labels.csv").write_text("\n".join(["path,target,split", *rows]))
    dataset = opened(root, labels_csv=str(root / "labels.csv"))
    assert sorted(levels(dataset.train)) == [0, 1, 2, 3, 4]
    assert dataset.class_names == ("9", "10")  # numbers by value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no CSV file"),
        ("a,b,c\n1,2,3\n", "needs a first row with the names of its columns"),
        ("file,label\n00.png,x\nx/00.png,y\n", "two labels for x/00.png"),
        ("file,label\nnothing.png,x\n", "names no image in .* first file is 'nothing.png'"),
        ("file,label\n00.png,x\n01.png,x\n", "has only one class, 'x'"),
        ("file,label,split\n00.png,x,train\n01.png,y,later\n", "no part 'later'; allowed: train"),
    ],
)
def test_csv_files_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    root = write(tmp_path / "images", {"x": 3})
    (root / "labels.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        labels_csv.scan(str(root), "labels.csv")


def test_a_label_is_right_after_shuffling(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"train/a": 30, "train/b": 30, "test/a": 9, "test/b": 9})
    dataset = opened(root)
    for split, limit in ((dataset.train, 50), (dataset.test, 150)):
        pairs = zip(levels(split), split.labels, strict=True)
        assert all((level >= limit) == bool(label) for level, label in pairs if limit == 150)
    assert np.bincount(dataset.train.labels).tolist() == [30, 30]
