"""Several files of COCO's JSON in one folder: no image enters its split twice."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthstudy.data.sources.detection import coco
from depthstudy.errors import InputError

PERSON, CAT = {"id": 1, "name": "person"}, {"id": 17, "name": "cat"}


def write(root: Path, file: str, names: str, categories: tuple[dict, ...] = (PERSON, CAT)) -> None:
    """Writes images of one letter each, and a file with a box of each category in all of them."""
    (root / "images").mkdir(exist_ok=True)
    (root / file).parent.mkdir(exist_ok=True)
    for name in names:
        pixels = np.full((10, 20), ord(name), np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{name}.png")
    boxes = [
        {"id": 1, "image_id": name, "category_id": category["id"], "bbox": [1, 2, 3, 4]}
        for name in names
        for category in categories
    ]
    rows = [{"id": name, "file_name": f"{name}.png"} for name in names]
    content = {"images": rows, "annotations": boxes, "categories": categories}
    (root / file).write_text(json.dumps(content))


def rows(root: Path) -> list[tuple[str, str, int]]:
    """Returns name, split and number of boxes of each image that is read."""
    return [(row.path.stem, row.part, len(row.boxes)) for row in coco.read(root).images]


def test_the_files_of_cocos_own_folder_are_one_set(tmp_path: Path) -> None:
    for part, names in (("train2017", "ab"), ("val2017", "c")):
        write(tmp_path, f"annotations/instances_{part}.json", names)
        write(tmp_path, f"annotations/person_keypoints_{part}.json", names, (PERSON,))
        write(tmp_path, f"annotations/a_stuff_{part}.json", names, ({"id": 1, "name": "sky"},))
        captions = {"images": [{"id": "a", "file_name": "a.png"}], "annotations": []}
        (tmp_path / f"annotations/captions_{part}.json").write_text(json.dumps(captions))
    assert rows(tmp_path) == [("a", "train", 2), ("b", "train", 2), ("c", "validation", 2)]
    folder = coco.read(tmp_path)
    assert folder.class_names == ("person", "cat")
    assert folder.problems.lines() == [
        "files of images that instances_* has as well, left out: 4 (annotations/"
        "a_stuff_train2017.json, annotations/a_stuff_val2017.json, annotations/"
        "person_keypoints_train2017.json, annotations/person_keypoints_val2017.json)"
    ]


def test_files_of_a_split_that_share_no_image_are_all_read(tmp_path: Path) -> None:
    write(tmp_path, "instances_train.json", "a")
    write(tmp_path, "more_train.json", "b")
    write(tmp_path, "person_keypoints_train.json", "c", (PERSON,))
    assert rows(tmp_path) == [("a", "train", 2), ("b", "train", 2), ("c", "train", 1)]
    assert coco.read(tmp_path).problems.lines() == []


@pytest.mark.parametrize(
    "files",
    [
        ("cats.json", "persons.json"),
        ("instances_train.json", "instances_trainval.json"),
        ("person_keypoints_train.json", "train.json"),
    ],
)
def test_two_files_that_may_both_be_meant_are_refused(files, tmp_path: Path) -> None:
    write(tmp_path, files[0], "ab", (PERSON,))
    write(tmp_path, files[1], "bc", (CAT,))
    message = (
        rf"^{files[0]} and {files[1]} in .* are of one split and both name images/b\.png; allowed"
        r" are files of a split that share no image, or one of them called instances_\*\.json"
    )
    with pytest.raises(InputError, match=message) as error:
        coco.read(tmp_path)
    assert "\n" not in str(error.value)
