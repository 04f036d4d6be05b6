"""Rows of a CSV file of labels: whose they are, and what of them is not in the folder."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from image_folders import gray, write

from depthstudy.data.sources.folder import labels_csv
from depthstudy.data.sources.folder.scan import FolderScan
from depthstudy.errors import InputError

CLASSES = ("bois", "métal")


def scanned(root: Path, text: str) -> FolderScan:
    (root / "labels.csv").write_text(text, "utf-8")
    return labels_csv.scan(str(root), "labels.csv")


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_rows", ["NFC", "NFD"])
@pytest.mark.parametrize("row", ["{name}/{name}_0{k}.png", "{name}_0{k}.png", "{name}_0{k}"])
def test_accents_composed_or_not_are_the_same_name(
    tmp_path: Path, on_disk: str, in_rows: str, row: str
) -> None:
    rows = ["file,label"]
    for name in CLASSES:
        folder = tmp_path / unicodedata.normalize(on_disk, name)
        folder.mkdir()
        for k in range(3):
            gray(k).save(folder / f"{folder.name}_0{k}.png")
            rows.append(unicodedata.normalize(in_rows, f"{row.format(name=name, k=k)},{name}"))
    scan = scanned(tmp_path, "\n".join(rows))
    assert scan.class_names == CLASSES
    assert [file.label for file in scan.files] == [0, 0, 0, 1, 1, 1]
    assert scan.notes == ()


def test_of_two_names_that_look_alike_each_row_means_its_own(tmp_path: Path) -> None:
    composed, split = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    for name in (composed, split, f"more/{composed}"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        gray(1).save(tmp_path / f"{name}.png")
    scan = scanned(tmp_path, f"file,label\n{composed}.png,a\n{split}.png,b\nmore/{split}.png,b\n")
    labels = {str(file.path.relative_to(tmp_path)): file.label for file in scan.files}
    assert labels == {f"{composed}.png": 0, f"{split}.png": 1, f"more/{composed}.png": 1}


def test_files_that_are_not_in_the_folder_are_counted_and_named(tmp_path: Path) -> None:
    root = write(tmp_path / "images", {"x": 2})
    text = "file,label\n00.png,a\n01.png,b\ngone.png,c\n"
    assert scanned(root, text).notes == (
        "1 row of labels.csv names a file that is not in the folder: gone.png",
    )
    many = text + "".join(f"{k}.jpg,c\n" for k in range(2000))
    assert scanned(root, many).notes == (
        "2,001 rows of labels.csv name files that are not in the folder: gone.png, 0.jpg, 1.jpg,"
        " 2.jpg, 3.jpg and 1996 more",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("first", ["00.png", "00", "x/00", "./x/00", "x/00.png", "gone.png"])
def test_a_row_in_the_place_of_names_of_columns_is_refused(
    tmp_path: Path, first: str, delimiter: str
) -> None:
    root = write(tmp_path / "images", {"x": 3})
    rows = "".join(f"{name}{delimiter}b\n" for name in ("01.png", "02.png"))
    line = rf"begins with the row {first}, a, and not .*; put file{delimiter}label before it$"
    with pytest.raises(InputError, match=line):
        scanned(root, f"{first}{delimiter}a\n{rows}")


@pytest.mark.parametrize("header", ["image,label", "label,image", "photo,what"])
def test_names_of_columns_are_no_row(tmp_path: Path, header: str) -> None:
    root = write(tmp_path / "images", {"x": 1})
    gray(1).save(root / "x/image.png")
    rows = [("00", "a"), ("image", "b")]
    lines = [",".join(row if header.endswith(("label", "what")) else row[::-1]) for row in rows]
    assert len(scanned(root, "\n".join([header, *lines])).files) == 2


@pytest.mark.parametrize("header", ["file,label", '"file","label"', "file, label"])
@pytest.mark.parametrize("space", ["", " "])
def test_quoted_labels_may_hold_quotes_and_commas(tmp_path: Path, header: str, space: str) -> None:
    root = write(tmp_path / "images", {"x": 2})
    text = f'{header}\n00.png,{space}"a ""b"", c"\n"01.png",{space}plain\n'
    assert scanned(root, text).class_names == ('a "b", c', "plain")


@pytest.mark.parametrize(
    ("parts", "roles"),
    [
        ("train test", "train test"),
        ("training valid", "train test"),
        ("train val test", "train validation test"),
        ("Train Dev Testing", "train validation test"),
    ],
)
def test_the_parts_of_a_column_are_what_they_are_called(
    tmp_path: Path, parts: str, roles: str
) -> None:
    write(tmp_path, {"images": 6})
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    column = parts.split() * 2
    rows = [(names[i], "ab"[i // len(parts.split())], part) for i, part in enumerate(column)]
    text = "\n".join(["file,label,split", *(",".join(row) for row in rows)])
    scan = scanned(tmp_path, text)
    assert [file.part for file in scan.files] == roles.split() * 2
    assert scan.parts == tuple(roles.split())


def test_parts_without_one_to_test_on_are_one_line(tmp_path: Path) -> None:
    write(tmp_path, {"images": 2})
    one, other = sorted(path.name for path in (tmp_path / "images").iterdir())
    with pytest.raises(InputError, match=r"needs train and test in it, .* in the place of test$"):
        scanned(tmp_path, f"file,label,split\n{one},a,test\n{other},b,val\n")
    with pytest.raises(InputError, match=r"no part 'extra'; allowed: train, val, test$"):
        scanned(tmp_path, f"file,label,split\n{one},a,train\n{other},b,extra\n")
