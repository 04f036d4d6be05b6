"""What the page says of detectors: average precision, boxes on images, objects of a set."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import made_study
import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture
from squares import NAMES, SIDE, square, squares

from depthstudy import records, store
from depthstudy.config import DataConfig
from depthstudy.data import objects
from depthstudy.report.blocks import Image, Table, Text
from depthstudy.report.charts.boxes import sheet
from depthstudy.report.sections import data, detections, errors
from depthstudy.report.sections.answer import recommendation
from depthstudy.report.tables import Study, read_study
from depthstudy.report.tables.study import DetectedScenes
from depthstudy.study.facts import data_info


def found_in_squares() -> DetectedScenes:
    """Returns what two nets find in two images: one is right, one names the other class."""
    made = [square(row) for row in (0, 1)]
    truths = np.stack([objects.padded(objects.rows([box], [label]), 2) for _, box, label in made])
    right = np.array([[[*box, 0.9, label]] for _, box, label in made], np.float32)
    wrong = np.array([[[*box, 0.8, 1 - label]] for _, box, label in made], np.float32)
    images = np.stack([image for image, _, _ in made])
    return DetectedScenes(images, NAMES, truths, {"plain-8": right, "plain-20": wrong})


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = read_study(made_study.fake_study(tmp_path))
    names = [info.name for info in study.info.variants]
    rows = [
        {"variant": name, "seed": 0, "step": 9, "probe": "evaluation", "layer": "",
         "metric": "test_ap50", "value": 0.5}
        for name in names
    ]  # fmt: skip
    means = {
        (name, f"evaluation.test_ap{size}"): records.Mean(
            variant=name, metric="", mean=value, low=value, high=value, seeds=5
        )
        for name in names
        for size, value in (("50", 0.5), ("75", 0.25), ("_small", 0.125))
    }
    return dataclasses.replace(
        study,
        scenes=found_in_squares(),
        measurements=pd.concat([study.measurements, pd.DataFrame(rows)], ignore_index=True),
        means={**study.means, **means},
    )


def blocks(section: Any, kind: type) -> list[Any]:
    return [block for block in section.blocks if isinstance(block, kind)]


def test_precisions_of_each_net_come_before_its_boxes(study: Study) -> None:
    section = detections.section(study)
    (table,), (picture,) = blocks(section, Table), blocks(section, Image)
    assert table.header == ("Net", "AP", "AP50", "AP75", "small")  # no object is larger
    error = study.means[study.info.variants[0].name, "test_error"].mean
    assert table.rows[0].cells == (f"{100 - 100 * error:.1f}", "50.0", "25.0", "12.5")
    assert "32 x 32 pixels" in blocks(section, Text)[0].text
    with Picture.open(io.BytesIO(picture.png)) as image:
        assert picture.least_width == 2 * 190 < image.width


def test_errors_are_called_what_they_are(study: Study) -> None:
    caption = errors.section(study).blocks[0].caption
    assert "An error is one minus average precision (COCO, overlaps .5 to .95)." in caption
    bare = dataclasses.replace(study, measurements=study.measurements[:0])
    assert "average precision" not in errors.section(bare).blocks[0].caption


def test_a_net_is_recommended_by_its_precision(study: Study) -> None:
    (info, *_) = study.info.variants
    choice = records.Recommendation(
        variant=info.name, group=info.group, treatment="", depth=info.depth, best=info.name,
        parameters=info.parameters, macs=info.macs, seconds=3.0, seeds=5, over_best=0.0,
        macs_saved_best=0.0, deepest=info.name, over_deepest=0.0, macs_saved_deepest=0.0,
        test_error=0.64, low=0.625, high=0.66,
    )  # fmt: skip
    assert recommendation.facts(study, choice).startswith(
        "average precision 36.0% on new images (95% interval 34.0 to 37.5%), "
    )


def colors(png: bytes) -> set[tuple[int, ...]]:
    with Picture.open(io.BytesIO(png)) as image:
        return {color for _, color in image.convert("RGB").getcolors(1 << 24) or ()}


def test_a_box_is_green_where_it_is_right_and_red_where_it_is_not() -> None:
    shown, green, red = found_in_squares(), (0x1A, 0x7F, 0x4B), (0xC2, 0x41, 0x0C)
    truths = [rows[rows[:, objects.CLASS] >= 0] for rows in shown.truths]

    def drawn(name: str) -> set[tuple[int, ...]]:
        return colors(sheet(shown.images, [(name, shown.detections[name])], truths, NAMES))

    assert {green, red} & drawn("plain-8") == {green}
    assert {green, red} & drawn("plain-20") == {red}


@pytest.mark.parametrize("shape", [(16, 16, 1), (400, 1_000, 3), (1_000, 30, 1)])
def test_a_sheet_is_as_wide_as_its_images_are_many(shape: tuple[int, ...]) -> None:
    images = np.zeros((3, *shape), np.uint8)
    height, width, _ = shape
    box = np.array([[0.0, 0.0, height, width, 0.5, 1]])
    truths = [box[:, [0, 1, 2, 3, 5]]] * 3
    with Picture.open(io.BytesIO(sheet(images, [("net", [box] * 3)], truths, NAMES))) as image:
        longest = max((image.width - 8) / 3, (image.height - 8) / 2 - 34) - 8
        assert longest == pytest.approx(320, abs=3)


def test_objects_are_counted(study: Study) -> None:
    config = DataConfig(name="squares", validation=0.0)
    info = data_info.describe(squares(config), config, ["plain-8"])
    assert [split.counts for split in info.splits] == [(20, 20), (20, 20)]
    assert [split.empty_images for split in info.splits] == [0, 0]
    assert info.splits[0].median_side == pytest.approx(160**0.5)  # of areas 64 and 256
    line = " ".join(" ".join(data_info.lines(info)).split())
    assert "40 train, 40 test images of 2 classes, 40 objects to train on (half of them" in line
    section = data.section(dataclasses.replace(study, data=(info,)))
    (table,) = blocks(section, Table)
    assert table.header[:4] == ("Split", "Images", "Without objects", "Objects")
    assert table.rows[0].cells[:4] == ("40", "0", "40", "2 classes: 20")
    assert not any("balanced_error" in note for note in info.notes)
    assert info.image_shape == (SIDE, SIDE, 1)


def test_boxes_stand_only_on_images_of_the_size_that_a_net_sees(tmp_path: Path) -> None:
    made_study.fake_study(tmp_path)
    info = store.read_info(tmp_path)
    assert info is not None
    large, small, *_ = info.variants
    seen = dataclasses.replace(large, image_shape=(16, 16, 1))
    store.write_info(tmp_path, dataclasses.replace(info, variants=(seen, small)))
    store.write_scenes(tmp_path, np.zeros((2, 8, 8, 1), np.uint8), NAMES)
    for variant in (large, small):
        run = store.RunStore.of(tmp_path, variant.name, 0)
        run.write_answers({"detections": np.zeros((2, 1, 6)), "truths": np.zeros((2, 1, 7))})
    study = read_study(tmp_path)
    assert study.scenes is not None
    assert list(study.scenes.detections) == [small.name]
    text = blocks(detections.section(study), Text)[-1].text
    assert text.endswith(f"Not shown, as they see another size or kept no boxes: {large.name}.")
