"""YOLO's text files: one for each image, a line ``class x y width height`` for each box.

Centers and sizes are shares of the image. ``images/A.jpg`` goes with ``labels/A.txt``, or with a
file beside it; names of classes stand in a YAML file, or in ``classes.txt``.
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

_NUMBERS = 5


def files(root: Path) -> list[Path]:
    """Returns the files of boxes that belong to images."""
    return [path for image in image_files(root) if (path := _labels_of(image, root)).is_file()]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files; one without a file has no objects.

    Raises:
      InputError: The names of classes cannot be read.
    """
    problems, images, greatest = Problems(), [], -1
    names = _class_names(root)
    for image in image_files(root):
        boxes = []
        file = _labels_of(image, root)
        lines = file.read_text().splitlines() if file.is_file() else []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            box = _box(line)
            where = f"{file.relative_to(root)}:{number}"
            if box is None:
                problems.add("lines that are not `class x y width height`, left out", where)
            elif box.label < 0 or (names and box.label >= len(names)):
                problems.add("boxes of an unknown class, left out", where)
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
    try:
        label, x, y, width, height = map(float, line.split()[:_NUMBERS])
    except ValueError:
        return None
    corners = (y - height / 2, x - width / 2, y + height / 2, x + width / 2)
    return Box(corners, int(label), relative=True) if label == int(label) else None


def _class_names(root: Path) -> tuple[str, ...]:
    """Returns the names of classes that a folder gives, or none."""
    for path in sorted([*root.glob("*.yaml"), *root.glob("*.yml")]):
        import yaml

        try:
            content: Any = yaml.safe_load(path.read_text())
        except yaml.YAMLError as error:
            raise InputError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
        names = content.get("names") if isinstance(content, dict) else None
        if isinstance(names, dict):
            names = [names[key] for key in sorted(names)]
        if names:
            return tuple(map(str, names))
    for name in ("classes.txt", "obj.names"):
        if (root / name).is_file():
            return tuple(line.strip() for line in (root / name).read_text().splitlines() if line)
    return ()
