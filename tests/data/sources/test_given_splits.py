"""Splits that a folder with boxes names hold, whatever names them; nothing is divided anew."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data.source import Source
from depthstudy.data.sources.detection import data_yaml, voc, yolo
from depthstudy.errors import InputError

LINE = "0 0.5 0.5 0.5 0.5"


def image(path: Path) -> None:
    """Writes an image whose gray level is the letter that is its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((10, 20), ord(path.stem), np.uint8)).save(path)


def write_voc(root: Path, names: str, lists: dict[str, str]) -> None:
    """Writes images of one letter each, and lists of them."""
    (root / "ImageSets" / "Main").mkdir(parents=True)
    corners = "<xmin>3</xmin><ymin>1</ymin><xmax>9</xmax><ymax>8</ymax>"
    for name in names:
        image(root / "JPEGImages" / f"{name}.png")
        (root / f"{name}.xml").write_text(
            f"<annotation><object><name>cat</name><bndbox>{corners}</bndbox></object></annotation>"
        )
    for stem, text in lists.items():
        (root / "ImageSets" / "Main" / f"{stem}.txt").write_text(text)


def write_yolo(root: Path, folders: dict[str, str], text: str) -> None:
    """Writes images of one letter each with a box beside it, and ``data.yaml``."""
    for folder, names in folders.items():
        for name in names:
            image(root / folder / f"{name}.png")
            (root / folder / f"{name}.txt").write_text(LINE)
    (root / "data.yaml").write_text(f"names: [cat]\n{text}")


def opened(root: Path) -> tuple[dict[str, str], Source]:
    """Returns the images of each split as their letters, and the source."""
    config = DataConfig(
        name="object_folder",
        source_dir=str(root),
        data_dir=str(root.parent / "prepared"),
        validation=0.0,
    )
    source = data.load(config).source
    splits = {}
    for name in source.split_names:
        examples = source.split(name)
        levels = [_level(encoded) for encoded, _ in examples.read(np.arange(len(examples)))]
        splits[name] = "".join(sorted(map(chr, levels)))
    return splits, source


def _level(encoded: object) -> int:
    assert isinstance(encoded, bytes)
    return int(np.asarray(Image.open(io.BytesIO(encoded)))[0, 0])


def test_trainval_is_trained_on_where_there_is_no_train(tmp_path: Path) -> None:
    write_voc(tmp_path / "mine", "abcdef", {"trainval": "a\nb\nc\nd", "test": "e\nf\n"})
    splits, source = opened(tmp_path / "mine")
    assert splits == {"train": "abcd", "test": "ef"}
    assert len(source.notes) == 1  # of copies


def test_val_is_taken_out_of_trainval(tmp_path: Path) -> None:
    write_voc(tmp_path / "mine", "abcde", {"trainval": "a\nb\nc", "val": "c", "test": "d\ne"})
    assert opened(tmp_path / "mine")[0] == {"train": "ab", "validation": "c", "test": "de"}


def test_years_side_by_side_have_lists_of_their_own(tmp_path: Path) -> None:
    root = tmp_path / "VOCdevkit"
    write_voc(root / "VOC2007", "abcd", {"trainval": "a\nb", "test": "c\nd"})
    write_voc(root / "VOC2012", "efgh", {"train": "e", "val": "f", "trainval": "e\nf"})
    splits, source = opened(root)
    assert splits == {"train": "abe", "validation": "f", "test": "cd"}
    assert source.notes[0] == (
        "images in no list of a split, left out: 2 (VOC2012/JPEGImages/g.png,"
        " VOC2012/JPEGImages/h.png)"
    )


def test_images_in_no_list_are_left_out_and_counted(tmp_path: Path) -> None:
    lists = {"train": "a.png\nJPEGImages/b.png", "trainval": "a\nb\ng", "test": "c -1\nb"}
    write_voc(tmp_path / "mine", "abcdefg", lists)
    folder = voc.read(tmp_path / "mine")
    assert {row.path.stem: row.part for row in folder.images} == {
        "a": "train", "b": "test", "c": "test"
    }  # fmt: skip
    assert folder.problems.lines() == [
        "images in two splits, left in the later of train, validation and test: 1 (b)",
        "images in no list of a split, left out: 4 (JPEGImages/d.png, JPEGImages/e.png,"
        " JPEGImages/f.png, JPEGImages/g.png)",
    ]


def test_what_is_not_tested_on_is_trained_on(tmp_path: Path) -> None:
    write_voc(tmp_path / "mine", "abcdefgh", {"test": "a"})
    splits, source = opened(tmp_path / "mine")
    assert splits == {"train": "bcdefgh", "test": "a"}
    assert source.notes[:-1] == (
        "images of no split, trained on: 7 (JPEGImages/b.png, JPEGImages/c.png, JPEGImages/d.png,"
        " JPEGImages/e.png, JPEGImages/f.png, ...)",
    )


def test_a_set_to_test_on_alone_is_refused(tmp_path: Path) -> None:
    write_yolo(tmp_path / "mine", {"test": "abcdefgh"}, "")
    with pytest.raises(InputError, match="has no objects to train on"):
        opened(tmp_path / "mine")


FOLDERS = {"a/images": "abcd", "b/images": "ef", "c": "g", "d": "h"}


@pytest.mark.parametrize(
    ("text", "splits"),
    [
        ("train: a/images\nval: b/images\n", {"train": "abcd", "test": "ef"}),
        ("train: ../a/images\nval: ../b/images\ntest:\n", {"train": "abcd", "test": "ef"}),
        ("path: a\ntrain: images\nval: ../b/images/\n", {"train": "abcd", "test": "ef"}),
        ("train: [a/images, d]\ntest: c\n", {"train": "abcdh", "test": "g"}),
        ("path: ./\ntrain: lists/train.txt\ntest: lists/test.txt", {"train": "ab", "test": "eg"}),
        (
            "train: a\nval: b\ntest: c\n",
            {"train": "abcd", "validation": "ef", "test": "g"},
        ),
        ("train: a\nval: b\ntest: b\n", {"train": "abcd", "test": "ef"}),
        ("val: b\n", {"train": "abcdgh", "test": "ef"}),
    ],
)
def test_paths_of_data_yaml_are_the_splits(text, splits, tmp_path: Path) -> None:
    write_yolo(tmp_path / "mine", FOLDERS, text)
    (tmp_path / "mine" / "lists").mkdir()
    (tmp_path / "mine" / "lists" / "train.txt").write_text("../a/images/a.png\n./a/images/b.png\n")
    (tmp_path / "mine" / "lists" / "test.txt").write_text("b/images/e.png\n\nc/g.png\ngone.png\n")
    assert opened(tmp_path / "mine")[0] == splits


def test_images_that_data_yaml_leaves_out_are_counted(tmp_path: Path) -> None:
    write_yolo(tmp_path / "mine", FOLDERS, "train: a\nval: b.txt\ntest: gone\n")
    (tmp_path / "mine" / "b.txt").write_text("b/images/e.png\ngone.png\n")
    assert yolo.read(tmp_path / "mine").problems.lines() == [
        "paths of splits that are not there, left out: 1 (data.yaml: test: gone)",
        "images that are not there, left out: 1 (b.txt: gone.png)",
        "images in no split of data.yaml, left out: 3 (b/images/f.png, c/g.png, d/h.png)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: a\nval: gone\n", r"data\.yaml: val: 'gone' is neither a folder nor a \.txt file"),
        ("train: gone\nval: b\n", r"data\.yaml: train: 'gone' is neither a folder nor a \.txt"),
        ("train: /x/y\nval: /x/z\n", r"data\.yaml: train: '/x/y' is neither .* call folders"),
        ("train: {a: b}\nval: b\n", r"data\.yaml: train has to be the path of a folder or of a"),
    ],
)
def test_paths_that_are_not_there_are_one_line(text, message: str, tmp_path: Path) -> None:
    write_yolo(tmp_path / "mine", FOLDERS, text)
    with pytest.raises(InputError, match=message) as error:
        opened(tmp_path / "mine")
    assert "\n" not in str(error.value)


def test_paths_of_another_machine_give_way_to_folders_of_such_names(tmp_path: Path) -> None:
    text = "train: /content/x/images\nval: /content/y/images\n"
    write_yolo(tmp_path / "mine", {"train": "abc", "val": "de"}, text)
    splits, source = opened(tmp_path / "mine")
    assert splits == {"train": "abc", "test": "de"}
    assert source.notes[:-1] == (
        "paths of splits that are not there, names of folders count: 1 (data.yaml: train:"
        " /content/x/images, val: /content/y/images)",
    )


def test_another_list_is_another_set(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    write_yolo(root, FOLDERS, "train: a\nval: lists/b.txt\n")
    (root / "lists").mkdir()
    (root / "lists" / "b.txt").write_text("b/images/e.png\n")
    assert root / "lists" / "b.txt" in data_yaml.files(root)
    assert opened(root)[0]["test"] == "e"
    (root / "lists" / "b.txt").write_text("b/images/e.png\nb/images/f.png\n")
    assert opened(root)[0]["test"] == "ef"


def test_a_file_of_settings_is_no_list_of_splits(tmp_path: Path) -> None:
    write_yolo(tmp_path / "mine", FOLDERS, "train: a\nval: b\n")
    (tmp_path / "mine" / "args.yaml").write_text("mode: train\nval: true\n")
    assert opened(tmp_path / "mine")[0] == {"train": "abcd", "test": "ef"}
