"""Boxes of images whose EXIF tag turns them stay on what they were drawn around."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data import Dataset, objects
from depthstudy.data.sources.images.plain_image import turn_of, turned_corners, upright

STORED = (40, 60)  # height and width
BOX = (5, 10, 12, 30)  # top, left, bottom, right of a bright rectangle in the stored image
IN_TURNED = (10, 28, 30, 35)  # the same where orientation 6 has turned the image


def bright(box: tuple[int, ...], size: tuple[int, int] = STORED) -> Image.Image:
    pixels = np.zeros(size, np.uint8)
    pixels[box[0] : box[2], box[1] : box[3]] = 255
    return Image.fromarray(pixels)


def save(path: Path, image: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, exif=exif)


def write_coco(root: Path, box: tuple[int, ...], size: tuple[int, int] | None) -> None:
    stated = {} if size is None else {"height": size[0], "width": size[1]}
    top, left, bottom, right = box
    rows = {"id": 1, "image_id": 1, "category_id": 1}
    for part in ("train", "test"):
        content = {
            "images": [{"id": 1, "file_name": f"{part}.jpg", **stated}],
            "annotations": [rows | {"bbox": [left, top, right - left, bottom - top]}],
            "categories": [{"id": 1, "name": "cat"}],
        }
        (root / f"{part}.json").write_text(json.dumps(content))


def write_voc(root: Path, box: tuple[int, ...], size: tuple[int, int] | None) -> None:
    top, left, bottom, right = box
    corners = f"<xmin>{left + 1}</xmin><ymin>{top + 1}</ymin><xmax>{right}</xmax>"
    stated = f"<size><width>{size[1]}</width><height>{size[0]}</height></size>" if size else ""
    lists = root / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for part in ("train", "test"):
        (lists / f"{part}.txt").write_text(part)
        (root / f"{part}.xml").write_text(
            f"<annotation>{stated}<object><name>cat</name><bndbox>{corners}"
            f"<ymax>{bottom}</ymax></bndbox></object></annotation>"
        )


def opened(tmp_path: Path) -> tuple[Dataset, list[float], np.ndarray]:
    """Returns the set of a folder, the box of its train image and the pixels in that box."""
    config = DataConfig(
        name="object_folder",
        source_dir=str(tmp_path / "images"),
        data_dir=str(tmp_path / "prepared"),
        validation=0.0,
    )
    dataset = data.load(config)
    batch = dataset.train.read(np.arange(1))
    top, left, bottom, right = batch.labels[0, 0, objects.BOX].round().astype(int)
    return dataset, [top, left, bottom, right], batch.images[0, top:bottom, left:right]


@pytest.mark.parametrize("write", [write_coco, write_voc])
@pytest.mark.parametrize(
    ("box", "size"), [(BOX, STORED), (IN_TURNED, STORED[::-1]), (IN_TURNED, None)]
)
def test_a_stated_size_says_whether_boxes_are_turned(write, box, size, tmp_path: Path) -> None:
    for part in ("train", "test"):
        save(tmp_path / "images" / f"{part}.jpg", bright(BOX), 6)
    write(tmp_path / "images", box, size)
    dataset, corners, pixels = opened(tmp_path)
    assert dataset.image_shape[:2] == (60, 40)
    assert tuple(corners) == IN_TURNED
    assert pixels.mean() > 240
    assert not any(note.startswith("images") for note in dataset.source.notes)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_corners_turn_as_pixels_do(orientation: int, tmp_path: Path) -> None:
    save(tmp_path / "x.png", bright(BOX), orientation)
    with Image.open(tmp_path / "x.png") as image:
        turn = turn_of(image)
        pixels = np.asarray(upright(image, turn))
    rows, columns = np.nonzero(pixels)
    extent = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    corners = tuple(map(float, BOX))
    assert turned_corners(corners, tuple(map(float, pixels.shape)), turn) == extent


def test_a_turn_that_a_size_does_not_show_is_noted(tmp_path: Path) -> None:
    for part in ("train", "test"):
        save(tmp_path / "images" / f"{part}.jpg", bright(BOX), 3)
    shown = (STORED[0] - BOX[2], STORED[1] - BOX[3], STORED[0] - BOX[0], STORED[1] - BOX[1])
    write_coco(tmp_path / "images", shown, STORED)
    dataset, corners, pixels = opened(tmp_path)
    assert tuple(corners) == shown
    assert pixels.mean() > 240
    assert (
        "images turned by a tag, boxes taken to be of the image as shown: 2 (test.jpg, train.jpg)"
        in dataset.source.notes
    )


def test_a_size_that_fits_neither_way_is_noted(tmp_path: Path) -> None:
    for part in ("train", "test"):
        save(tmp_path / "images" / f"{part}.jpg", bright(BOX), 1)
    write_coco(tmp_path / "images", BOX, (80, 120))
    dataset, corners, _ = opened(tmp_path)
    assert tuple(corners) == BOX
    assert (
        "images of another size than is stated, boxes taken as they are: 2"
        " (test.jpg (stated 80 x 120, is 40 x 60), train.jpg (stated 80 x 120, is 40 x 60))"
        in dataset.source.notes
    )
