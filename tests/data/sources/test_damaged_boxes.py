"""What is wrong with files of boxes is counted by kind, or is one line; nothing is lost."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data.sources.detection import coco, voc, yolo
from depthstudy.data.sources.detection.annotated import Annotated, Box, Problems
from depthstudy.data.sources.detection.object_folder import checked_boxes
from depthstudy.errors import InputError

ROWS: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "gone.png"}, {"id": 3}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"id": 2, "image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]},
        {"id": 3, "image_id": 1, "category_id": [1], "bbox": [1, 2, 3, 4]},
        {"id": 4, "image_id": 9, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"id": 5, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"id": 6, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3]},
        {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": "large"},
        {"id": 8, "image_id": 1, "category_id": 1},
        "no annotation",
    ],
    "categories": [{"id": 1, "name": "cat"}],
}


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((10, 20), np.uint8)).save(path)


def test_rows_of_json_that_say_nothing_are_counted(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    image(tmp_path / "other.png")
    (tmp_path / "all.json").write_text(json.dumps(ROWS))
    folder = coco.read(tmp_path)
    assert [(row.path.name, row.boxes) for row in folder.images] == [
        ("a.png", (Box((2.0, 1.0, 6.0, 4.0), 0),))
    ]
    where = "all.json: annotation"
    assert folder.problems.lines() == [
        f"boxes of an unknown class, left out: 2 ({where} 2, {where} 3)",
        f"boxes of an unknown image, left out: 2 ({where} 4, {where} 5)",
        f"boxes without four numbers, left out: 3 ({where} 6, {where} 7, {where} 8)",
        "images that are not there, left out: 2 (gone.png, ?)",
        "images that no file of boxes names, left out: 1 (other.png)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(ROWS)[:-20], r"all\.json is no JSON, or not all of it is there"),
        (json.dumps(ROWS | {"categories": [{"name": "cat"}]}), "needs a number `id` and a `name`"),
        (json.dumps(ROWS | {"categories": []}), "has no objects to train on"),
        (json.dumps(ROWS | {"images": None}), "has no objects to train on"),
        ('{"categories": ' + "[" * 200_000, r"all\.json is no JSON"),
        (json.dumps(ROWS | {"categories": [{"id": np.inf, "name": ""}]}), "needs a number `id`"),
    ],
)
def test_json_that_is_no_set_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    image(tmp_path / "mine" / "a.png")
    (tmp_path / "mine" / "all.json").write_text(text)
    config = DataConfig(
        name="object_folder", source_dir=str(tmp_path / "mine"), data_dir=str(tmp_path / "prepared")
    )
    with pytest.raises(InputError, match=message) as error:
        data.load(config)
    assert "\n" not in str(error.value)


def test_lines_of_text_that_say_nothing_are_counted(tmp_path: Path) -> None:
    image(tmp_path / "images" / "a.png")
    (tmp_path / "labels").mkdir()
    lines = ["0 .5 .5 .5 .5", "nan .5 .5 .1 .1", "inf .5 .5 .1 .1", "0.5 .5 .5 .1 .1", "0 .5 .5"]
    lines += ["5 .5 .5 .1 .1", "-1 .5 .5 .1 .1", "cat .5 .5 .1 .1", "1 .1 .2 .5 .2 .3 .8", ""]
    content = "\n".join(lines).encode() + b"\n\xff\xfe"
    (tmp_path / "labels" / "a.txt").write_bytes(content)
    (tmp_path / "data.yaml").write_text("names: {1: dog, 2: cow}\n")
    folder = yolo.read(tmp_path)
    assert folder.class_names == ("0", "dog", "cow")  # a number without a name stays a class
    (row,) = folder.images
    assert row.boxes == (
        Box((0.25, 0.25, 0.75, 0.75), 0, relative=True),
        Box((0.2, 0.1, 0.8, 0.5), 1, relative=True),  # the extent of an outline
    )
    bad, unknown = folder.problems.lines()
    assert bad.startswith("lines that are not `class x y width height` in shares, left out: 6 (")
    assert unknown == ("boxes of an unknown class, left out: 2 (labels/a.txt:6, labels/a.txt:7)")


@pytest.mark.parametrize("names", ["cat", "{a: cat}", "3"])
def test_names_that_are_no_list_are_one_line(names: str, tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "data.yaml").write_text(f"names: {names}\n")
    with pytest.raises(InputError, match=r"data\.yaml: names has to be a list, or a name for each"):
        yolo.read(tmp_path)


def test_values_that_are_none_of_yaml_are_one_line(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "data.yaml").write_text("names: [cat]\nmade: 2020-13-45\n")
    with pytest.raises(InputError, match=r"data\.yaml is no YAML: month must be in 1\.\.12"):
        yolo.read(tmp_path)


@pytest.mark.parametrize(
    ("file", "text", "where"),
    [
        ("a.txt", "0 .5 .5 .1 .1\n1e9 .5 .5 .1 .1", "a.txt:2"),
        ("d.yaml", "names: {1000000000: x}", "d"),
    ],
)
def test_an_absurd_class_is_one_line(file: str, text: str, where: str, tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=rf"{where}.*: class 1000000000 is too great; allowed: 0"):
        yolo.read(tmp_path)


def test_boxes_in_pixels_are_called_so() -> None:
    problems = Problems()
    boxes = (
        Box((40.0, 50.0, 60.0, 90.0), 0, relative=True),
        Box((-0.1, 0.0, 1.0, 1.0), 0, relative=True),
    )
    assert len(checked_boxes(Annotated(Path("a"), "", boxes), (100, 100), "a", problems)) == 1
    assert problems.lines() == [
        "boxes in pixels, not in shares of the image, left out: 1 (a box 1)",
        "boxes that reach out of the image, cut: 1 (a box 2)",
    ]


def voc_file(path: Path, name: str, left: object = 3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    corners = f"<xmin>{left}</xmin><ymin>1</ymin><xmax>9</xmax><ymax>8</ymax>"
    path.write_text(
        f"<annotation><object><name>{name}</name><bndbox>{corners}</bndbox></object></annotation>"
    )


def test_images_of_one_name_in_two_splits_are_two(tmp_path: Path) -> None:
    for part, name in (("train", "cat"), ("test", "dog")):
        image(tmp_path / part / "0001.png")
        voc_file(tmp_path / part / "0001.xml", name)
    folder = voc.read(tmp_path)
    assert folder.problems.lines() == []
    labels = {row.part: folder.class_names[row.boxes[0].label] for row in folder.images}
    assert labels == {"train": "cat", "test": "dog"}


def test_files_of_xml_that_say_nothing_are_counted(tmp_path: Path) -> None:
    for name in "abc":
        image(tmp_path / "JPEGImages" / f"{name}.png")
    voc_file(tmp_path / "Annotations" / "a.xml", "cat", left="three")
    voc_file(tmp_path / "Annotations" / "d.xml", "")
    (tmp_path / "Annotations" / "b.xml").write_text("<annotation><object>")
    for name, encoding in (("e", "shift_jis"), ("f", "no-such")):
        text = f'<?xml version="1.0" encoding="{encoding}"?><annotation/>'
        (tmp_path / "Annotations" / f"{name}.xml").write_text(text)
    lists = tmp_path / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "test.txt").write_bytes("a\nk\xe4se".encode("latin-1"))
    folder = voc.read(tmp_path)
    assert [row.part for row in folder.images] == ["test"]
    assert folder.problems.lines() == [
        "files of XML that cannot be read, left out: 3"
        " (Annotations/b.xml, Annotations/e.xml, Annotations/f.xml)",
        "boxes without four numbers, left out: 1 (Annotations/a.xml: object 1)",
        "boxes of an unknown class, left out: 1 (Annotations/d.xml: object 1)",
        "images that are not there, left out: 1 (Annotations/d.xml)",
        "images that no file of boxes names, left out: 2 (JPEGImages/b.png, JPEGImages/c.png)",
    ]
