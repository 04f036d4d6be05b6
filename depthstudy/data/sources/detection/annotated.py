"""What the readers of folders with boxes return, and what all of them do alike."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from depthstudy.data.sources.images.image_file import SUFFIXES

PARTS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation"}
PARTS |= {"test": "test", "trainval": "train"}
SPLITS = ("train", "validation", "test")
_NAMED = 5  # problems of a kind that are named


@dataclasses.dataclass(frozen=True)
class Box:
    """A box as a file has it: corners in pixels, or in shares of the image.

    Attributes:
      corners: Top, left, bottom, right.
      label: Its class, counted from 0.
      crowd: Whether it holds many objects, or is too hard to count.
      area: In pixels; ``None`` is that of the box.
      relative: Whether corners are shares of height and width.
    """

    corners: tuple[float, float, float, float]
    label: int
    crowd: bool = False
    area: float | None = None
    relative: bool = False


@dataclasses.dataclass(frozen=True)
class Annotated:
    """An image file with its boxes.

    Attributes:
      path: The file.
      part: Its split, ``""`` where nothing says which.
      boxes: Its boxes.
      size: Height and width of the image in which the boxes are, ``None`` where no file says.
    """

    path: Path
    part: str
    boxes: tuple[Box, ...]
    size: tuple[int, int] | None = None


class Problems:
    """What is wrong with a folder: the first few of each kind by name, and how many there are."""

    def __init__(self) -> None:
        """Begins without any."""
        self._named: dict[str, list[str]] = collections.defaultdict(list)
        self._counts: collections.Counter[str] = collections.Counter()

    def add(self, kind: str, where: str) -> None:
        """Notes one."""
        self._counts[kind] += 1
        if self._counts[kind] <= _NAMED:
            self._named[kind].append(where)

    def count(self, kind: str) -> int:
        """Returns how many there are of a kind."""
        return self._counts[kind]

    def lines(self) -> list[str]:
        """Returns a line for each kind."""
        return [
            f"{kind}: {count} ({', '.join(self._named[kind])}{', ...' if count > _NAMED else ''})"
            for kind, count in self._counts.items()
        ]


@dataclasses.dataclass(frozen=True)
class AnnotatedFolder:
    """A folder as it was read.

    Attributes:
      root: The folder.
      layout: Name of its layout.
      class_names: Names of the classes, in the order of their labels.
      images: Its images.
      problems: What is wrong with it.
    """

    root: Path
    layout: str
    class_names: tuple[str, ...]
    images: tuple[Annotated, ...]
    problems: Problems


class Splits(NamedTuple):
    """What lists of images say.

    Attributes:
      parts: The split of each image that they name, by its name.
      has_train: Whether one lists what to train on, so that images in no list are left out.
    """

    parts: Mapping[str, str]
    has_train: bool


def assigned(named: Iterable[tuple[str, str]], problems: Problems) -> dict[str, str]:
    """Returns the split of each image; one that two lists name is tested on, or else validated on.

    Args:
      named: An image and its split, for each name in a list.
      problems: Problems so far; images in two splits are added.
    """
    parts: dict[str, str] = {}
    for name, part in named:
        before = parts.get(name, part)
        if before != part:
            kind = "images in two splits, left in the later of train, validation and test"
            problems.add(kind, name)
        parts[name] = max(before, part, key=SPLITS.index)
    return parts


def stated_size(height: Any, width: Any) -> tuple[int, int] | None:
    """Returns a height and a width as a file says them, ``None`` where they are no size.

    >>> stated_size("60", 40), stated_size(0, 0), stated_size(None, 40)
    ((60, 40), None, None)
    """
    try:
        size = (int(float(height)), int(float(width)))
    except (OverflowError, TypeError, ValueError):
        return None
    return size if min(size) > 0 else None


def image_files(root: Path) -> list[Path]:
    """Returns all image files below a folder, hidden ones left out."""
    paths = (path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    return sorted(p for p in paths if not any(x.startswith(".") for x in p.relative_to(root).parts))


def part_of(words: Iterable[str]) -> str:
    """Returns the split that a word of a path or of a file's name stands for, or ``""``.

    >>> part_of(["annotations", "instances_val2017.json"]), part_of(["images"])
    ('validation', '')
    """
    for word in words:
        for piece in re.split(r"[^a-z]+", word.lower()):
            if piece in PARTS:
                return PARTS[piece]
    return ""
