"""Folders of small images whose gray levels say which file they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthstudy.config import DataConfig
from depthstudy.data import Dataset, Split, load


def gray(level: int) -> Image.Image:
    """Returns a gray image of 5 x 6 pixels."""
    return Image.new("L", (6, 5), level)


def color(level: int) -> Image.Image:
    """Returns a colored image of 5 x 6 pixels."""
    return Image.new("RGB", (6, 5), (level, 0, 255))


def write(root: Path, counts: dict[str, int], make: Callable[[int], Image.Image] = gray) -> Path:
    """Fills each folder of ``counts`` with images; the level says class and number."""
    for k, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for i in range(count):
            make(50 * k + i).save(root / name / f"{i:02d}.png")
    return root


def opened(root: Path, **options: object) -> Dataset:
    """Loads a folder, prepared in ``cache`` beside it."""
    config = DataConfig(
        validation=0.0,
        name="folder",
        source_dir=str(root),
        data_dir=str(root.parent / "cache"),
        **options,  # type: ignore[arg-type]
    )
    return load(config)


def levels(split: Split) -> list[int]:
    """Returns the level of each image, which names its file."""
    return split.read(np.arange(len(split))).images[:, 0, 0, 0].tolist()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:45])  # four bytes of pixels are left


def fails_to_read(monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> None:
    """Has files of a name fail to be read, as of a disk that fails."""
    read = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == name:
            raise OSError(code, os.strerror(code))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)


def mixed_animals(parent: Path) -> Path:
    """Writes three classes of unequal size."""
    return write(parent / "images", {"owl": 10, "cat": 15, "dog": 7})
