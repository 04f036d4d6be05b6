"""YOLO's text files: one for each image, a line ``class x y width height`` for each box.

Centers and sizes are shares of the image as it is shown, turned by its EXIF tag. Where there are
more numbers, they are the corners of an outline, whose extent is the box. ``images/A.jpg`` goes
with ``labels/A.txt``, or with a file beside it; names of classes stand in a YAML file, or in
``classes.txt``.
"""

from __future__ import annotations

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

_NUMBERS = 4  # of a box
_OUTLINE = 6  # of three corners, the least of an outline
_MOST_CLASSES = 50_000  # a greater number is a mistake
# What PyYAML raises, beside its own errors, for values such as the date 2020-13-45.
_BAD_VALUES = (ArithmeticError, AttributeError, LookupError, RecursionError, ValueError)
_LISTS = ("classes.txt", "obj.names")


def files(root: Path) -> list[Path]:
    """Returns the files of boxes that belong to images."""
    return [path for image in image_files(root) if (path := _labels_of(image, root)).is_file()]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files; one without a file has no objects.

    Raises:
      InputError: The names of classes cannot be read, or there are none and a number is absurd.
    """
    problems, images, greatest = Problems(), [], -1
    names = _class_names(root)
    for image in image_files(root):
        boxes = []
        file = _labels_of(image, root)
        lines = file.read_text(errors="replace").splitlines() if file.is_file() else []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            box = _box(line)
            where = f"{file.relative_to(root)}:{number}"
            if box is None:
                problems.add(
                    "lines that are not `class x y width height` in shares, left out", where
                )
            elif box.label < 0 or (names and box.label >= len(names)):
                problems.add("boxes of an unknown class, left out", where)
            elif box.label >= _MOST_CLASSES:
                raise _too_many(where, box.label)
            else:
                greatest = max(greatest, box.label)
                boxes.append(box)
        part = part_of(image.parent.relative_to(root).parts)
        images.append(Annotated(image, part, tuple(boxes)))
    class_names = names or tuple(map(str, range(greatest + 1)))
    return AnnotatedFolder(root, "YOLO txt", class_names, tuple(images), problems)


def _labels_of(image: Path, root: Path) -> Path:
    inner = image.relative_to(root)
    words = ["labels" if word == "images" else word for word in inner.parts[:-1]]
    apart = root.joinpath(*words, f"{image.stem}.txt")
    return apart if apart.is_file() else image.with_suffix(".txt")


def _box(line: str) -> Box | None:
    """Returns the box of a line, of an outline's corners its extent."""
    try:
        label, *numbers = map(float, line.split())
    except ValueError:
        return None
    if not label.is_integer():
        return None
    if len(numbers) == _NUMBERS:
        x, y, width, height = numbers
        corners = (y - height / 2, x - width / 2, y + height / 2, x + width / 2)
    elif len(numbers) >= _OUTLINE and len(numbers) % 2 == 0:
        across, down = numbers[::2], numbers[1::2]
        corners = (min(down), min(across), max(down), max(across))
    else:
        return None
    return Box(corners, int(label), relative=True)


def name_files(root: Path) -> list[Path]:
    """Returns the files that may give names of classes."""
    lists = [root / name for name in _LISTS if (root / name).is_file()]
    return [*_yaml_files(root), *lists]


def _yaml_files(root: Path) -> list[Path]:
    return sorted([*root.glob("*.yaml"), *root.glob("*.yml")])


def _class_names(root: Path) -> tuple[str, ...]:
    """Returns the names of classes that a folder gives, or none."""
    for path in _yaml_files(root):
        import yaml

        raw = path.read_bytes()
        try:
            content: Any = yaml.safe_load(raw)
        except (yaml.YAMLError, *_BAD_VALUES) as error:
            raise InputError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
        names = content.get("names") if isinstance(content, dict) else None
        if names:
            return _listed(names, path)
    for name in _LISTS:
        if (root / name).is_file():
            lines = (root / name).read_text(errors="replace").rstrip().splitlines()
            return tuple(line.strip() for line in lines)
    return ()


def _listed(names: Any, path: Path) -> tuple[str, ...]:
    """Returns names in the order of their labels; a label without a name is called as it is."""
    if isinstance(names, list):
        return tuple(map(str, names))
    if isinstance(names, dict) and all(isinstance(key, int) and key >= 0 for key in names):
        if max(names) >= _MOST_CLASSES:
            raise _too_many(str(path), max(names))
        return tuple(str(names.get(label, label)) for label in range(max(names) + 1))
    raise InputError(f"{path}: names has to be a list, or a name for each number; it is {names!r}")


def _too_many(where: str, label: int) -> InputError:
    return InputError(f"{where}: class {label} is too great; allowed: 0 to {_MOST_CLASSES - 1}")
