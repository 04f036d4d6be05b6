"""Images with boxes that are copies of others, byte for byte: on one side, or reported."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data import Dataset
from depthstudy.errors import InputError

LINE = "0 0.5 0.5 0.5 0.5"


def write(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(pixels).save(path)
    path.with_suffix(".txt").write_text(LINE)


def opened(tmp_path: Path, **fields: object) -> Dataset:
    config = DataConfig(
        name="object_folder",
        source_dir=str(tmp_path / "images"),
        data_dir=str(tmp_path / "prepared"),
        **fields,  # type: ignore[arg-type]
    )
    return data.load(config)


@pytest.mark.parametrize("stream", [False, True])
def test_copies_stay_on_one_side(stream: bool, tmp_path: Path) -> None:
    """Twenty images, each three times: none is both trained on and chosen or tested by."""
    for k in range(20):
        for copy in range(3):
            write(tmp_path / "images" / f"{k}_{copy}.png", k)
    dataset = opened(tmp_path, validation=0.2, stream=stream, workers=0)
    assert dataset.validation is not None
    splits = [dataset.train, dataset.validation, dataset.test]
    seen = [
        {image.tobytes() for image in split.read(np.arange(len(split))).images} for split in splits
    ]
    assert len(set.union(*seen)) == sum(map(len, seen)) == 20
    assert [len(split) for split in splits] == [39, 9, 12]
    assert dataset.source.notes == (
        "40 of 60 images are copies of others, byte for byte, and all of an image are on one side;"
        " images that are merely alike (resized, saved again, frames of one film) are not looked"
        " for",
    )


def test_copies_across_given_splits_are_named(tmp_path: Path) -> None:
    files = {"train/a": 0, "train/b": 1, "train/c": 2, "train/d": 2}
    files |= {"val/e": 0, "val/f": 4, "test/g": 0, "test/h": 1}
    for name, seed in files.items():
        write(tmp_path / "images" / f"{name}.png", seed)
    *across, count = opened(tmp_path, validation=0.0).source.notes
    assert across == [
        "1 image is, byte for byte, in train and in validation: train/a.png = val/e.png",
        "2 images are, byte for byte, in train and in test: test/g.png = train/a.png,"
        " test/h.png = train/b.png",
        "1 image is, byte for byte, in validation and in test: test/g.png = val/e.png",
    ]
    assert count.startswith("4 of 8 images are copies of others, byte for byte; images that are")


def test_copies_of_one_image_cannot_be_divided(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / "images" / f"{name}.png", 0)
    message = r"all 3 images are copies of .*a\.png, and cannot be divided; put some that differ"
    with pytest.raises(InputError, match=message):
        opened(tmp_path)
