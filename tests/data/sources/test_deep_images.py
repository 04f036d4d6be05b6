"""Images of 12 bits in files of 16: nets see the same gray levels in training and afterwards."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from image_folders import opened
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data.sources.tfds.source import BITS

GREATEST = 2**12 - 1
LEVELS = [0, 85, 170, 255]  # of a third each of the range of 12 bits


def write_images(folder: Path) -> list[Path]:
    """Writes an image of each level, with a corner that is white."""
    folder.mkdir(parents=True)
    paths = [folder / f"{k}.png" for k in range(len(LEVELS))]
    for k, path in enumerate(paths):
        pixels = np.full((8, 8), GREATEST * k // 3, np.uint16)
        pixels[0, 0] = GREATEST
        Image.fromarray(pixels).save(path)
    return paths


def decoded(paths: list[Path], rule: data.Preprocessing) -> list[int]:
    return [int(data.decode_file(path, rule)[4, 4, 0]) for path in paths]


def test_a_net_sees_a_file_as_in_its_training(tmp_path: Path) -> None:
    paths = [*write_images(tmp_path / "images/a"), *write_images(tmp_path / "images/b")]
    dataset = opened(tmp_path / "images")
    seen = [split.read(np.arange(len(split))).images for split in (dataset.train, dataset.test)]
    assert sorted({int(image[4, 4, 0]) for images in seen for image in images}) == LEVELS
    rule = data.Preprocessing.from_dict(json.loads(json.dumps(dataset.preprocessing.to_dict())))
    assert rule.bits == 12
    assert decoded(paths, rule) == [*LEVELS, *LEVELS]
    assert decoded(paths, dataclasses.replace(rule, bits=16)) == [0, 5, 11, 16] * 2


def test_a_set_without_deep_images_says_nothing_of_them(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / "images" / name).mkdir(parents=True)
        for k in range(4):
            Image.new("L", (8, 8), k).save(tmp_path / "images" / name / f"{k}.png")
    assert opened(tmp_path / "images").preprocessing.bits == 16


@pytest.mark.parametrize("is_of_earlier_version", [False, True])
def test_another_process_opens_the_set_with_its_bits(
    tmp_path: Path, is_of_earlier_version: bool
) -> None:
    for name in "ab":
        write_images(tmp_path / "images" / name)
    source = opened(tmp_path / "images").source
    assert source is not None
    if is_of_earlier_version:
        for file in (BITS, "files.json"):
            (source.folder / file).unlink()
        opened(tmp_path / "images")
    config = DataConfig(
        name="folder", source_dir=str(tmp_path / "images"), data_dir=str(tmp_path / "cache")
    )
    assert data.Datasets().get(config, expected=source.name).preprocessing.bits == 12


def test_a_detector_sees_all_gray_levels(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for path in write_images(root):
        path.with_suffix(".txt").write_text("0 0.5 0.5 0.5 0.5")
    config = DataConfig(
        name="object_folder",
        source_dir=str(root),
        data_dir=str(tmp_path / "cache"),
        validation=0.0,
    )
    for _ in range(2):  # prepared, and opened as it was prepared
        dataset = data.load(config)
        seen = [split.read(np.arange(len(split))).images for split in (dataset.train, dataset.test)]
        assert sorted(int(image[4, 4, 0]) for images in seen for image in images) == LEVELS
        assert dataset.preprocessing.bits == 12


def test_unlabeled_images_are_scaled_by_what_is_in_use(tmp_path: Path) -> None:
    write_images(tmp_path / "images")
    images = data.read_folder(tmp_path / "images", 10)
    dataset = data.as_dataset(images, 8, ("a",), ((0.5,), (0.5,)), channels=1)
    batch = dataset.test.read(np.arange(4)).images
    assert [int(image[4, 4, 0]) for image in batch] == LEVELS
