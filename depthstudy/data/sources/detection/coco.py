"""COCO's JSON: images, categories and annotations in one file for each split.

A split may have several files, each of images of its own. Of files with the same images, as those
of boxes and of key points in COCO's folder, those called ``instances_*`` are read alone.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from depthstudy.data.sources.detection.annotated import (
    Annotated,
    AnnotatedFolder,
    Box,
    Problems,
    image_files,
    part_of,
    stated_size,
)
from depthstudy.errors import InputError


def files(root: Path) -> list[Path]:
    """Returns the files of annotations in a folder: those that have images and categories.

    Raises:
      InputError: A file that has them cannot be read.
    """
    paths = sorted({*root.glob("*.json"), *root.glob("annotations/*.json"), *root.glob("*/*.json")})
    return [path for path in paths if _looks_right(path)]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files.

    Raises:
      InputError: A file is damaged, or two files have different classes or the same images.
    """
    problems, images = Problems(), []
    by_name: dict[str, list[Path]] = {}
    for path in image_files(root):
        by_name.setdefault(path.name, []).append(path)
    contents = {file: json.loads(file.read_bytes()) for file in files(root)}
    located = {file: _located(file, contents[file], by_name, root) for file in contents}
    for file in _repeated(located, root):
        problems.add("files of images that instances_* has as well, left out", _inner(file, root))
        del contents[file]
    names: dict[int, str] = {}
    for file, content in contents.items():
        for number, name in _categories(content, file):
            if names.setdefault(number, name) != name:
                raise InputError(f"{file}: class {number} is {name!r}, elsewhere {names[number]!r}")
    label_of = {number: label for label, number in enumerate(sorted(names))}
    for file, content in contents.items():
        rows = _rows(content, "images")
        boxes = _boxes(content, {str(row.get("id")) for row in rows}, label_of, file, problems)
        part = _part(file, root)
        for row, image in zip(rows, located[file], strict=True):
            if image is None:
                problems.add("images that are not there, left out", _name(row))
                continue
            size = stated_size(row.get("height"), row.get("width"))
            images.append(Annotated(image, part, tuple(boxes.get(str(row.get("id")), [])), size))
    named = {image.path for image in images}
    for path in image_files(root):
        if path not in named:
            problems.add("images that no file of boxes names, left out", _inner(path, root))
    class_names = tuple(names[number] for number in sorted(names))
    return AnnotatedFolder(root, "COCO JSON", class_names, tuple(images), problems)


def _looks_right(path: Path) -> bool:
    text = path.read_bytes()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if b'"categories"' in text or b'"bbox"' in text:
            raise InputError(f"{path} is no JSON, or not all of it is there: {error}") from error
        return False
    return isinstance(content, dict) and {"images", "categories"} <= set(content)


def _rows(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = content.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _categories(content: dict[str, Any], file: Path) -> Iterator[tuple[int, str]]:
    for row in _rows(content, "categories"):
        try:
            yield int(row["id"]), str(row["name"])
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise InputError(
                f"{file}: a category needs a number `id` and a `name`, one is {row}"
            ) from error


def _boxes(
    content: dict[str, Any],
    images: set[str],
    label_of: dict[int, int],
    file: Path,
    problems: Problems,
) -> dict[str, list[Box]]:
    """Returns the boxes of each image by its number."""
    boxes: dict[str, list[Box]] = {}
    for row in _rows(content, "annotations"):
        where = f"{file.name}: annotation {row.get('id', '?')}"
        image, category = str(row.get("image_id")), row.get("category_id")
        if not isinstance(category, int) or category not in label_of:
            problems.add("boxes of an unknown class, left out", where)
        elif image not in images:
            problems.add("boxes of an unknown image, left out", where)
        elif (box := _box(row, label_of[category])) is None:
            problems.add("boxes without four numbers, left out", where)
        else:
            boxes.setdefault(image, []).append(box)
    return boxes


def _part(file: Path, root: Path) -> str:
    return part_of([file.name]) or part_of(file.parent.relative_to(root).parts)


def _name(row: dict[str, Any]) -> str:
    return str(row.get("file_name", "?"))


def _located(
    file: Path, content: dict[str, Any], by_name: dict[str, list[Path]], root: Path
) -> list[Path | None]:
    """Returns the image of each row of a file, ``None`` where it is not there."""
    part = _part(file, root)
    return [_locate(_name(row), part, by_name, root) for row in _rows(content, "images")]


def _repeated(located: Mapping[Path, list[Path | None]], root: Path) -> list[Path]:
    """Returns the files to leave out, whose images a file ``instances_*`` of their split has.

    Raises:
      InputError: Two others of a split have the same image.
    """
    repeated = set[Path]()
    pairs = itertools.combinations(sorted(located, key=lambda f: not _is_instances(f)), 2)
    for one, other in pairs:
        if _part(one, root) != _part(other, root) or repeated & {one, other}:
            continue
        shared = {*located[one]} & {*located[other]} - {None}
        if not shared:
            continue
        if not _is_instances(one) or _is_instances(other):
            raise InputError(
                f"{_inner(one, root)} and {_inner(other, root)} in {root} are of one split and both"
                f" name {_inner(min(filter(None, shared)), root)}; allowed are files of a split"
                " that share no image, or one of them called instances_*.json, which is read alone"
            )
        repeated.add(other)
    return sorted(repeated)


def _is_instances(file: Path) -> bool:
    return file.name.startswith("instances_")


def _inner(path: Path, root: Path) -> str:
    return str(path.relative_to(root))


def _box(row: dict[str, Any], label: int) -> Box | None:
    try:
        left, top, width, height = map(float, row["bbox"])
        area = float(row["area"]) if row.get("area") else None
        crowd = bool(int(row.get("iscrowd") or 0))
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
    corners = (top, left, top + height, left + width)
    return Box(corners, label, crowd, area)


def _locate(name: str, part: str, by_name: dict[str, list[Path]], root: Path) -> Path | None:
    """Returns the image of a name that ends in the name given; of several, that of the split."""
    parts = Path(name).parts
    matches = [p for p in by_name.get(Path(name).name, []) if p.parts[-len(parts) :] == parts]
    same_part = [p for p in matches if part_of(p.parent.relative_to(root).parts) == part]
    return next(iter(same_part or matches), None)
