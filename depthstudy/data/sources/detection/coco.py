"""COCO's JSON: images, categories and annotations in one file for each split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from depthstudy.data.sources.detection.annotated import (
    Annotated,
    AnnotatedFolder,
    Box,
    Problems,
    image_files,
    part_of,
)
from depthstudy.errors import InputError


def files(root: Path) -> list[Path]:
    """Returns the files of annotations in a folder: those that have images and categories."""
    found = sorted({*root.glob("*.json"), *root.glob("annotations/*.json"), *root.glob("*/*.json")})
    return [path for path in found if _looks_right(path)]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files.

    Raises:
      InputError: A file is damaged, or two files have different classes.
    """
    problems, images = Problems(), []
    by_name: dict[str, list[Path]] = {}
    for path in image_files(root):
        by_name.setdefault(path.name, []).append(path)
    names: dict[int, str] = {}
    for file in files(root):
        content = _content(file)
        for category in content["categories"]:
            number, name = int(category["id"]), str(category["name"])
            if names.setdefault(number, name) != name:
                raise InputError(f"{file}: class {number} is {name!r}, elsewhere {names[number]!r}")
    label_of = {number: label for label, number in enumerate(sorted(names))}
    for file in files(root):
        content = _content(file)
        boxes: dict[Any, list[Box]] = {}
        for row in content.get("annotations", []):
            where = f"{file.name}: annotation {row.get('id', '?')}"
            if row.get("category_id") not in label_of:
                problems.add("boxes of an unknown class, left out", where)
                continue
            box = _box(row, label_of[row["category_id"]])
            if box is None:
                problems.add("boxes without four numbers, left out", where)
                continue
            boxes.setdefault(row["image_id"], []).append(box)
        part = part_of([file.name]) or part_of(file.parent.relative_to(root).parts)
        for row in content["images"]:
            image = _locate(str(row["file_name"]), part, by_name, root)
            if image is None:
                problems.add("images that are not there, left out", str(row["file_name"]))
                continue
            images.append(Annotated(image, part, tuple(boxes.get(row["id"], []))))
    class_names = tuple(names[number] for number in sorted(names))
    return AnnotatedFolder(root, "COCO JSON", class_names, tuple(images), problems)


def _looks_right(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(content, dict) and {"images", "categories"} <= set(content)


def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def _box(row: dict[str, Any], label: int) -> Box | None:
    try:
        left, top, width, height = map(float, row["bbox"])
    except (KeyError, TypeError, ValueError):
        return None
    area = float(row["area"]) if row.get("area") else None
    corners = (top, left, top + height, left + width)
    return Box(corners, label, bool(row.get("iscrowd", 0)), area)


def _locate(name: str, part: str, by_name: dict[str, list[Path]], root: Path) -> Path | None:
    """Returns the image of a name that ends in the name given; of several, that of the split."""
    parts = Path(name).parts
    found = [p for p in by_name.get(Path(name).name, []) if p.parts[-len(parts) :] == parts]
    own = [p for p in found if part_of(p.parent.relative_to(root).parts) == part]
    return next(iter(own or found), None)
