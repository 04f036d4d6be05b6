"""YOLO's text files: one for each image, a line ``class x y width height`` for each box.

Centers and sizes are shares of the image as it is shown, turned by its EXIF tag. Where there are
more numbers, they are the corners of an outline, whose extent is the box. ``images/A.jpg`` goes
with ``labels/A.txt``, or with a file beside it; names of classes stand in ``data.yaml``, or in
``classes.txt``. Splits are those of ``data.yaml``, or folders called so.
"""

from __future__ import annotations

from pathlib import Path

from depthstudy.data.sources.detection import data_yaml
from depthstudy.data.sources.detection.annotated import (
    Annotated,
    AnnotatedFolder,
    Box,
    Problems,
    image_files,
    part_of,
)

_NUMBERS = 4  # of a box
_OUTLINE = 6  # of three corners, the least of an outline


def files(root: Path) -> list[Path]:
    """Returns the files of boxes that belong to images."""
    return [path for image in image_files(root) if (path := _labels_of(image, root)).is_file()]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files; one without a file has no objects.

    Raises:
      InputError: Names of classes or splits cannot be read, or the number of a class is absurd.
    """
    problems, images, greatest = Problems(), [], -1
    names, paths = data_yaml.class_names(root), image_files(root)
    splits = data_yaml.splits(root, paths, problems)
    for image in paths:
        inner, boxes = image.relative_to(root), []
        part = part_of(inner.parent.parts) if splits is None else splits.parts.get(str(inner), "")
        if splits is not None and splits.has_train and not part:
            problems.add("images in no split of data.yaml, left out", str(inner))
            continue
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
            elif box.label >= data_yaml.MOST_CLASSES:
                raise data_yaml.too_many(where, box.label)
            else:
                greatest = max(greatest, box.label)
                boxes.append(box)
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
