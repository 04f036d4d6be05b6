"""Folders of images with boxes, in three layouts, and what is wrong with them."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from image_folders import fails_to_read
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data import objects
from depthstudy.data.sources.detection.annotated import Annotated, Box, Problems
from depthstudy.data.sources.detection.object_folder import checked_boxes
from depthstudy.errors import InputError

BOXES = {  # part, image: top, left, bottom, right and class of each object
    "train": {"a": [(2, 4, 12, 24, "cat")], "b": [(0, 0, 20, 10, "dog"), (5, 12, 15, 30, "cat")]},
    "test": {"c": [(3, 3, 13, 33, "dog")], "d": []},
}
SIZE = (20, 40)  # height and width


def _images(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(ord(name)).integers(0, 255, (*SIZE, 3), np.uint8)
    Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder / f"{name}.png"


def _coco(root: Path) -> None:
    numbers = {"cat": 17, "dog": 90}  # as in COCO, neither from 0 nor without gaps
    for part, images in BOXES.items():
        rows, annotations = [], []
        for name, boxes in images.items():
            _images(root / "images" / part, name)
            rows.append({"id": ord(name), "file_name": f"{name}.png", "height": 20, "width": 40})
            for top, left, bottom, right, label in boxes:
                annotations.append({"id": len(annotations), "image_id": ord(name), "iscrowd": 0,
                              "bbox": [left, top, right - left, bottom - top],
                              "category_id": numbers[label]})  # fmt: skip
        content = {
            "images": rows,
            "annotations": annotations,
            "categories": [{"id": n, "name": word} for word, n in numbers.items()],
        }
        (root / "annotations").mkdir(exist_ok=True)
        (root / "annotations" / f"instances_{part}.json").write_text(json.dumps(content))


def _yolo(root: Path) -> None:
    (root / "data.yaml").parent.mkdir(parents=True, exist_ok=True)
    (root / "data.yaml").write_text("names: [cat, dog]\n")
    for part, images in BOXES.items():
        (root / "labels" / part).mkdir(parents=True)
        for name, boxes in images.items():
            _images(root / "images" / part, name)
            lines = [
                f"{['cat', 'dog'].index(label)} {(left + right) / 80} {(top + bottom) / 40}"
                f" {(right - left) / 40} {(bottom - top) / 20}"
                for top, left, bottom, right, label in boxes
            ]
            (root / "labels" / part / f"{name}.txt").write_text("\n".join(lines))


def _voc(root: Path) -> None:
    lists = root / "ImageSets" / "Main"
    (root / "Annotations").mkdir(parents=True)
    lists.mkdir(parents=True)
    for part, images in BOXES.items():
        (lists / f"{part}.txt").write_text("\n".join(images))
        for name, boxes in images.items():
            _images(root / "JPEGImages", name)
            inner = "".join(
                f"<object><name>{label}</name><bndbox><xmin>{left + 1}</xmin>"
                f"<ymin>{top + 1}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
                for top, left, bottom, right, label in boxes
            )
            (root / "Annotations" / f"{name}.xml").write_text(f"<annotation>{inner}</annotation>")


def _config(root: Path, tmp_path: Path, **fields: object) -> DataConfig:
    return DataConfig(
        name="object_folder",
        source_dir=str(root),
        data_dir=str(tmp_path / "prepared"),
        validation=0.0,
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("layout", [_coco, _yolo, _voc])
def test_every_layout_gives_the_same_objects(layout, tmp_path: Path) -> None:
    root = tmp_path / "mine"
    layout(root)
    dataset = data.load(_config(root, tmp_path))
    assert dataset.class_names == ("cat", "dog")
    assert dataset.image_shape == (*SIZE, 3)
    assert (dataset.task, dataset.max_objects, dataset.resize) == ("detection", 2, "fit")
    for part, split in (("train", dataset.train), ("test", dataset.test)):
        batch = split.read(np.arange(len(split)))
        boxes = sorted(
            (*row[:4].round(3).tolist(), dataset.class_names[int(row[objects.CLASS])])
            for rows in batch.labels
            for row in rows
            if row[objects.CLASS] >= 0
        )
        assert boxes == sorted(row for rows in BOXES[part].values() for row in rows)
        assert len(split) == 2


def test_other_names_of_classes_are_another_set(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    _yolo(root)
    first = data.load(_config(root, tmp_path))
    (root / "data.yaml").write_text("names: [lynx, wolf]\n")
    second = data.load(_config(root, tmp_path))
    assert (first.class_names, second.class_names) == (("cat", "dog"), ("lynx", "wolf"))
    (root / "data.yaml").unlink()
    (root / "classes.txt").write_text("puma\njackal\n")
    assert data.load(_config(root, tmp_path)).class_names == ("puma", "jackal")


def test_other_lists_of_splits_are_another_set(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    _voc(root)
    first = data.load(_config(root, tmp_path))
    (root / "ImageSets" / "Main" / "train.txt").write_text("a")
    (root / "ImageSets" / "Main" / "test.txt").write_text("b\nc\nd")
    second = data.load(_config(root, tmp_path))
    assert [(len(x.train), len(x.test)) for x in (first, second)] == [(2, 2), (1, 3)]


def test_an_image_that_cannot_be_read_now_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is not the folder of prepared sets that is to blame."""
    root = tmp_path / "mine"
    _voc(root)
    fails_to_read(monkeypatch, "b.png", errno.EIO)
    with pytest.raises(OSError, match=r"Input/output error: '.*b\.png'"):
        data.load(_config(root, tmp_path))


def test_images_are_fitted_in_and_boxes_with_them(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    _coco(root)
    dataset = data.load(_config(root, tmp_path, image_size=80))
    batch = dataset.train.read(np.arange(2))
    assert (batch.images[:, 40:] == np.array([124, 116, 104])).all()  # padded at the bottom
    assert batch.images[:, :40].std() > 20
    first = batch.labels[:, 0, objects.BOX]
    assert sorted(map(tuple, first.tolist())) == [(0, 0, 40, 20), (4, 8, 24, 48)]


def test_a_folder_that_nothing_divides_is_divided_by_seed(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    for name in "abcdefghij":
        _images(root, name)
        (root / f"{name}.txt").write_text("0 0.5 0.5 0.5 0.5")
    dataset = data.load(_config(root, tmp_path))
    assert (len(dataset.train), len(dataset.test)) == (8, 2)
    assert dataset.class_names == ("0",)


def test_bad_boxes_are_mended_or_left_out_and_counted() -> None:
    problems = Problems()
    boxes = (
        Box((-5.0, -5.0, 10.0, 10.0), 0),  # reaches out
        Box((12.0, 30.0, 4.0, 20.0), 1),  # corners swapped
        Box((5.0, 5.0, 5.0, 9.0), 0),  # empty
        Box((50.0, 50.0, 60.0, 60.0), 0),  # outside
        Box((0.25, 0.5, 0.75, 1.0), 2, relative=True),
        Box((float("nan"), 0.0, 1.0, 1.0), 0),
    )
    rows = checked_boxes(Annotated(Path("a.png"), "", boxes), SIZE, "a.png", problems)
    assert rows[:, :5].tolist() == [[0, 0, 10, 10, 0], [4, 20, 12, 30, 1], [5, 20, 15, 40, 2]]
    assert problems.lines() == [
        "boxes that reach out of the image, cut: 1 (a.png box 1)",
        "boxes with swapped corners, put in order: 1 (a.png box 2)",
        "empty boxes, left out: 1 (a.png box 3)",
        "boxes outside of the image, left out: 1 (a.png box 4)",
        "boxes that are no numbers, left out: 1 (a.png box 6)",
    ]


def test_problems_are_named_and_counted_on_stderr(tmp_path: Path, capsys) -> None:
    root = tmp_path / "mine"
    _coco(root)
    path = root / "annotations" / "instances_train.json"
    content = json.loads(path.read_text())
    content["annotations"] += [
        {"id": 77, "image_id": ord("a"), "bbox": [0, 0, 5, 5], "category_id": 3},
        {"id": 78, "image_id": ord("a"), "bbox": [0, 0, 0, 5], "category_id": 17},
    ]
    content["images"].append({"id": 1, "file_name": "gone.png"})
    path.write_text(json.dumps(content))
    data.load(_config(root, tmp_path))
    stderr = capsys.readouterr().err
    kept = data.load(_config(root, tmp_path)).source.notes  # for the report, once it is prepared
    assert "empty boxes, left out: 1 (images/train/a.png box 2)" in kept
    assert "boxes of an unknown class, left out: 1 (instances_train.json: annotation 77)" in stderr
    assert "empty boxes, left out: 1 (images/train/a.png box 2)" in stderr
    assert "images that are not there, left out: 1 (gone.png)" in stderr
    assert "(COCO JSON): 2 classes (cat, dog), 2 train images with 3 objects" in stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "has no boxes; allowed are COCO JSON"),
        (
            lambda root: (_images(root, "a"), (root / "a.txt").write_text("0 .5 .5 0 0")),
            "no objects",
        ),
    ],
)
def test_what_is_no_set_is_refused(make, message: str, tmp_path: Path) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    make(root)
    with pytest.raises(InputError, match=message):
        data.load(_config(root, tmp_path))


def test_label_noise_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    _voc(root)
    with pytest.raises(InputError, match="label_noise is for one class an image"):
        data.load(_config(root, tmp_path, label_noise=0.1))


def test_a_streamed_set_gives_the_same_batches(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    _coco(root)
    kept = data.load(_config(root, tmp_path, stream=False))
    streamed = data.load(_config(root, tmp_path, stream=True, workers=0))
    for one, other in zip(
        data.train_batches(kept, batch_size=2, stop=3),
        data.train_batches(streamed, batch_size=2, stop=3),
        strict=True,
    ):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
