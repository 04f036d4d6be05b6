"""Images with one bright square each, of two sizes, which are the classes: a set for detectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from depthstudy import data
from depthstudy.config import DataConfig
from depthstudy.data import Dataset, objects
from depthstudy.data.source import ObjectExamples, Source

SIDE, NAMES = 32, ("small", "large")


def square(row: int) -> tuple[np.ndarray, tuple[int, int, int, int], int]:
    """Returns an image, the box of its square and its class."""
    image, side, corner = np.zeros((SIDE, SIDE, 1), np.uint8), 8 + 8 * (row % 2), row % 9
    image[corner : corner + side, corner : corner + side] = 200
    return image, (corner, corner, corner + side, corner + side), row % 2


class Squares(ObjectExamples):
    max_objects = 1

    def __len__(self) -> int:
        return 40

    def read(self, rows: np.ndarray) -> list:
        made = [square(row) for row in rows.tolist()]
        return [(image, objects.rows([box], [label])) for image, box, label in made]


class SquareSource(Source):
    @property
    def split_names(self) -> tuple[str, ...]:
        return ("train", "test")

    def split(self, name: str) -> Squares:
        return Squares()


def squares(config: DataConfig) -> Dataset:
    source = SquareSource(
        name="squares", image_shape=(SIDE, SIDE, 1), class_names=NAMES, task="detection"
    )
    return data.from_source(source, config)


def write_squares(root: Path) -> None:
    """Writes the same as a folder with COCO JSON."""
    images, box_annotations = [], []
    root.mkdir(parents=True)
    for row in range(len(Squares())):
        pixels, (top, left, bottom, right), label = square(row)
        Image.fromarray(pixels[..., 0]).save(root / f"{row}.png")
        images.append({"id": row, "file_name": f"{row}.png"})
        box = [left, top, right - left, bottom - top]
        box_annotations.append({"id": row, "image_id": row, "category_id": label, "bbox": box})
    names = [{"id": number, "name": name} for number, name in enumerate(NAMES)]
    content = {"images": images, "annotations": box_annotations, "categories": names}
    (root / "all.json").write_text(json.dumps(content))
