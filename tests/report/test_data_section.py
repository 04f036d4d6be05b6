"""The section that says what a study learned from."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import made_study
import pytest

from depthstudy import store
from depthstudy.records import DataFile, DataInfo, DataSplit
from depthstudy.report.blocks import Details, Facts, Image, Items, Table
from depthstudy.report.sections import data
from depthstudy.report.tables import Study, read_study

PNG = b"\x89PNG\r\n\x1a\n"
INFO = DataInfo(
    variants=("plain-8",),
    name="folder_0123/1.0.0",
    title="/home/me/animals",
    class_names=("cat", "dog"),
    splits=(
        DataSplit(name="train", images=310, counts=(300, 10), majority_error=10 / 310),
        DataSplit(name="test", images=62, counts=(60, 2), majority_error=2 / 62),
    ),
    image_shape=(32, 32, 3),
    sizes="32 to 96 pixels high and 32 wide",
    fit="cropped to the center (12 of 372 images lose more than a quarter of their area)",
    left_out=(("damaged: image file is truncated", "cat", 2), ("hidden", "", 1)),
    notes=("classes are uneven: cat has 300 train images, dog 10",),
    sheet="data_1.png",
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    workdir = made_study.fake_study(tmp_path)
    other = dataclasses.replace(INFO, variants=("plain-20", "plain-32"), sheet="")
    files = [DataFile(dataset=INFO.name, file="cat/1.png", class_name="cat", part="train")]
    store.write_data(workdir, files, [INFO, other])
    store.write_bytes(workdir / "data_1.png", PNG)
    return read_study(workdir)


def test_what_it_says(study: Study) -> None:
    section = data.section(study)
    assert section is not None
    facts = next(block for block in section.blocks if isinstance(block, Facts))
    assert ("Images", "/home/me/animals") in facts.facts
    assert ("One test image", "1.6 points of error") in facts.facts
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.rows[1].cells == ("62", "dog: 2", "cat: 60", "3.2% of images wrong")
    (notes,) = [block for block in section.blocks if isinstance(block, Items)]
    assert notes.items[0][0] == "Classes are uneven: cat has 300 train images, dog 10."
    (image,) = [block for block in section.blocks if isinstance(block, Image)]
    assert image.source == "data:image/png;base64,iVBORw0KGgo="
    assert image.text.endswith("The rows are cat and dog.")
    titles = [block.summary for block in section.blocks if isinstance(block, Details)]
    assert titles == [
        "Images of each class",
        "3 files left out, and why",
        "As plain-20 and plain-32 see it",
    ]


def test_one_image_is_no_share_of_a_balanced_error(study: Study) -> None:
    config = {**study.info.config, "metric": "balanced_error"}
    balanced = dataclasses.replace(study, info=dataclasses.replace(study.info, config=config))
    section = data.section(balanced)
    assert section is not None
    facts = next(block for block in section.blocks if isinstance(block, Facts))
    assert "One test image" not in dict(facts.facts)


def test_a_study_of_an_earlier_version_has_none(tmp_path: Path) -> None:
    assert data.section(read_study(made_study.fake_study(tmp_path))) is None


def test_data_csv_is_read_as_it_was_written(tmp_path: Path, study: Study) -> None:
    row = DataFile(
        dataset="a", file="18", class_name="1", part="test", height=5, width=6, digest="00"
    )
    gone = DataFile(dataset="a", file="x.gif", left_out="not an image that is read (.gif)")
    store.write_data(tmp_path, [row, gone], [])
    assert store.find_data(tmp_path / "runs" / "v" / "seed0") == [row, gone]
