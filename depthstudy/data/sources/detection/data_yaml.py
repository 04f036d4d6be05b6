"""A YOLO folder's ``data.yaml``: the names of its classes, and which images are in which split.

``train``, ``val`` and ``test`` are paths of folders or of ``.txt`` files with the path of an image
a line, or lists of such, from ``path`` or from the folder of the file. Leading ``../`` may be too
many, as in what Roboflow exports. A file of another name counts if it has names or ``train``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from depthstudy.data.sources.detection.annotated import (
    PARTS,
    Problems,
    Splits,
    assigned,
    part_of,
)
from depthstudy.errors import InputError

MOST_CLASSES = 50_000  # a greater number is a mistake
# What PyYAML raises, beside its own errors, for values such as the date 2020-13-45.
_BAD_VALUES = (ArithmeticError, AttributeError, LookupError, RecursionError, ValueError)
_LISTS = ("classes.txt", "obj.names")


def files(root: Path) -> list[Path]:
    """Returns the files of a folder that may give names of classes or splits.

    Raises:
      InputError: A file is no YAML, or its splits are no paths.
    """
    lists = [root / name for name in _LISTS if (root / name).is_file()]
    places = [place for *_, place in _stated(root) if place is not None and place.is_file()]
    return [*_yaml_files(root), *lists, *places]


def class_names(root: Path) -> tuple[str, ...]:
    """Returns the names of classes that a folder gives, or none.

    Raises:
      InputError: A file is no YAML, or the names in it are none.
    """
    for path, content in _contents(root):
        if content.get("names"):
            return _listed(content["names"], path)
    for name in _LISTS:
        if (root / name).is_file():
            lines = (root / name).read_text(errors="replace").rstrip().splitlines()
            return tuple(line.strip() for line in lines)
    return ()


def splits(root: Path, images: Sequence[Path], problems: Problems) -> Splits | None:
    """Returns the splits of ``data.yaml`` by paths of images, ``None`` where it has none.

    Args:
      root: The folder.
      images: All images in it.
      problems: Problems so far; images that are not there or in two splits are added.

    Raises:
      InputError: A path is not there, and folders called train, val or test do not say it either.
    """
    stated = _stated(root)
    if not stated:
        return None
    path, _ = _with_paths(root)
    missing = [(key, entry) for key, entry, place in stated if place is None]
    of_folders = {part_of(image.parent.relative_to(root).parts) for image in images}
    validated = any(PARTS[key] == "validation" and place for key, _, place in stated)
    if len(missing) == len(stated) and of_folders - {"", "train"}:
        where = ", ".join(f"{key}: {entry}" for key, entry in missing)
        problems.add(
            "paths of splits that are not there, names of folders count", f"{path.name}: {where}"
        )
        return None
    for key, entry in missing:
        if PARTS[key] != "test" or not validated:
            raise InputError(
                f"{path}: {key}: {entry!r} is neither a folder nor a .txt file in {root}; allowed"
                " are such paths, from the folder of that file; or leave train, val and test out,"
                " and call folders of images so"
            )
        problems.add("paths of splits that are not there, left out", f"{path.name}: {key}: {entry}")
    by_path = {os.path.abspath(image): str(image.relative_to(root)) for image in images}
    named = (
        (image, PARTS[key])
        for key, _, place in stated
        if place is not None
        for image in _images(place, by_path, root, problems)
    )
    return Splits(assigned(named, problems), any(PARTS[key] == "train" for key, *_ in stated))


def _yaml_files(root: Path) -> list[Path]:
    paths = sorted([*root.glob("*.yaml"), *root.glob("*.yml")])
    return sorted(paths, key=lambda path: path.stem != "data")


def _contents(root: Path) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    for path in _yaml_files(root):
        import yaml

        raw = path.read_bytes()
        try:
            content = yaml.safe_load(raw)
        except (yaml.YAMLError, *_BAD_VALUES) as error:
            raise InputError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
        if isinstance(content, dict):
            yield path, content


def _with_paths(root: Path) -> tuple[Path, Mapping[Any, Any]]:
    """Returns the YAML file with splits: that with the names of classes, or one before it."""
    before: tuple[Path, Mapping[Any, Any]] = (root / "data.yaml", {})
    for path, content in _contents(root):
        if content.get("names"):
            return (path, content) if any(map(content.get, PARTS)) else before
        if not before[1] and isinstance(content.get("train"), str | list):
            before = (path, content)
    return before


def _stated(root: Path) -> list[tuple[str, str, Path | None]]:
    """Returns each path of a split as key and value, and where it is, ``None`` for nowhere."""
    path, content = _with_paths(root)
    base = content.get("path")
    bases = [root / base, root] if isinstance(base, str) else [root]
    return [
        (key, entry, _place(entry, bases, root))
        for key in PARTS
        for entry in _entries(content.get(key), key, path)
    ]


def _entries(value: Any, key: str, path: Path) -> list[str]:
    entries = value if isinstance(value, list) else [value] if value else []
    if not all(isinstance(entry, str) for entry in entries):
        raise InputError(
            f"{path}: {key} has to be the path of a folder or of a .txt file, or a list of such; it"
            f" is {value!r}"
        )
    return entries


def _place(entry: str, bases: Sequence[Path], root: Path) -> Path | None:
    """Returns the folder in ``root``, or the list of images in it, that a path stands for."""
    for place in map(Path, _candidates(entry, bases)):
        is_list = place.suffix.lower() == ".txt" and os.path.isfile(place)
        if place.is_relative_to(os.path.abspath(root)) and (is_list or os.path.isdir(place)):
            return place
    return None


def _candidates(entry: str, bases: Sequence[Path]) -> Iterator[str]:
    entry = entry.strip().replace("\\", "/")
    for base in bases:
        yield os.path.abspath(base / entry)
        yield os.path.abspath(base / re.sub(r"^(\.\./)+", "", entry))


def _images(
    place: Path, by_path: Mapping[str, str], root: Path, problems: Problems
) -> Iterator[str]:
    """Yields the images of a folder, or those that a list names."""
    if not place.is_file():
        inside = os.path.join(place, "")
        yield from (name for path, name in by_path.items() if path.startswith(inside))
        return
    for line in filter(str.strip, place.read_text(errors="replace").splitlines()):
        paths = [path for path in _candidates(line, [place.parent, root]) if path in by_path]
        if paths:
            yield by_path[paths[0]]
        else:
            problems.add("images that are not there, left out", f"{place.name}: {line.strip()}")


def _listed(names: Any, path: Path) -> tuple[str, ...]:
    """Returns names in the order of their labels; a label without a name is called as it is."""
    if isinstance(names, list):
        return tuple(map(str, names))
    if isinstance(names, dict) and all(isinstance(key, int) and key >= 0 for key in names):
        if max(names) >= MOST_CLASSES:
            raise too_many(str(path), max(names))
        return tuple(str(names.get(label, label)) for label in range(max(names) + 1))
    raise InputError(f"{path}: names has to be a list, or a name for each number; it is {names!r}")


def too_many(where: str, label: int) -> InputError:
    """Returns the error of a class whose number is absurd."""
    return InputError(f"{where}: class {label} is too great; allowed: 0 to {MOST_CLASSES - 1}")
