"""Pascal VOC's XML: one file for each image, with the corners of its boxes in pixels from 1.

Lists in ``ImageSets/Main`` say the split of an image: ``train``, ``val`` and ``test``, and
``trainval`` where there is no ``train``. Several years may lie side by side, each with lists of its
own, as in ``VOCdevkit/VOC2007`` and ``VOCdevkit/VOC2012``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator
from pathlib import Path

from depthstudy.data.sources.detection.annotated import (
    PARTS,
    Annotated,
    AnnotatedFolder,
    Box,
    Problems,
    Splits,
    assigned,
    image_files,
    part_of,
    stated_size,
)
from depthstudy.data.sources.images.image_file import SUFFIXES

_CORNERS = ("ymin", "xmin", "ymax", "xmax")


def files(root: Path) -> list[Path]:
    """Returns the files of annotations in a folder."""
    return [path for path in sorted(root.rglob("*.xml")) if _tree(path) is not None]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files; classes are in the order of the alphabet."""
    problems, images, named = Problems(), [], set[Path]()
    trees = {path: tree for path in files(root) if (tree := _tree(path)) is not None}
    for path in sorted(root.rglob("*.xml")):
        if path not in trees and _root(path) is None:
            where = str(path.relative_to(root))
            problems.add("files of XML that cannot be read, left out", where)
    class_names = {
        node.findtext("name") or "" for tree in trees.values() for node in tree.iter("object")
    }
    names = sorted(class_names - {""})
    splits = _splits(root, {path.stem for path in trees}, problems)
    pictures: dict[str, list[Path]] = {}
    for image in image_files(root):
        pictures.setdefault(image.stem, []).append(image)
    for path, tree in trees.items():
        boxes = []
        for number, node in enumerate(tree.iter("object"), start=1):
            where = f"{path.relative_to(root)}: object {number}"
            if not node.findtext("name"):
                problems.add("boxes of an unknown class, left out", where)
            elif (box := _box(node, names)) is None:
                problems.add("boxes without four numbers, left out", where)
            else:
                boxes.append(box)
        picture = _picture(path, pictures.get(path.stem, []), root)
        if picture is None:
            problems.add("images that are not there, left out", str(path.relative_to(root)))
            continue
        named.add(picture)
        part = splits.parts.get(path.stem) or part_of(picture.parent.relative_to(root).parts)
        if splits.has_train and not part:
            problems.add("images in no list of a split, left out", str(picture.relative_to(root)))
            continue
        size = stated_size(tree.findtext("size/height"), tree.findtext("size/width"))
        images.append(Annotated(picture, part, tuple(boxes), size))
    for image in image_files(root):
        if image not in named:
            where = str(image.relative_to(root))
            problems.add("images that no file of boxes names, left out", where)
    return AnnotatedFolder(root, "VOC XML", tuple(names), tuple(images), problems)


def _tree(path: Path) -> ET.Element | None:
    tree = _root(path)
    return tree if tree is not None and tree.tag == "annotation" else None


def _root(path: Path) -> ET.Element | None:
    """Returns the content of a file, ``None`` of one that is damaged or of a strange encoding."""
    try:
        return ET.parse(path).getroot()
    except (ET.ParseError, LookupError, ValueError):
        return None


def _picture(path: Path, named_alike: list[Path], root: Path) -> Path | None:
    """Returns the image of a file: of several of its name the one beside it, or of its split."""
    part = part_of(path.parent.relative_to(root).parts)
    beside = [p for p in named_alike if p.parent == path.parent]
    same = [p for p in named_alike if part_of(p.parent.relative_to(root).parts) == part]
    return next(iter(beside or same or named_alike), None)


def _box(node: ET.Element, names: list[str]) -> Box | None:
    try:
        top, left, bottom, right = (float(node.findtext(f"bndbox/{x}") or "") for x in _CORNERS)
    except ValueError:
        return None
    label = names.index(node.findtext("name") or "")
    hard = (node.findtext("difficult") or "0").strip() == "1"
    return Box((top - 1, left - 1, bottom, right), label, hard)


def split_files(root: Path) -> list[Path]:
    """Returns the lists of images, one for each split of a year."""
    return sorted(root.rglob("ImageSets/Main/*.txt"))


def _splits(root: Path, names: Collection[str], problems: Problems) -> Splits:
    """Returns the split of each image of these names that a list of images has."""
    folders = dict.fromkeys(path.parent for path in split_files(root))
    years = [_lists(folder, names) for folder in folders]
    named = (
        (name, PARTS[stem]) for year in years for stem, listed in year.items() for name in listed
    )
    return Splits(assigned(named, problems), any("train" in year for year in years))


def _lists(folder: Path, names: Collection[str]) -> dict[str, list[str]]:
    """Returns the images of these names that each list of a year has."""
    files = sorted(folder.glob("*.txt"))
    lists = {path.stem: list(_names(path, names)) for path in files if path.stem in PARTS}
    both = lists.pop("trainval", None)
    if both is not None and "train" not in lists:
        validated = {x for stem, listed in lists.items() if _is_validation(stem) for x in listed}
        lists["train"] = [name for name in both if name not in validated]
    return lists


def _is_validation(stem: str) -> bool:
    return PARTS[stem] == "validation"


def _names(path: Path, names: Collection[str]) -> Iterator[str]:
    """Yields the name in each line of a list: all of it, or the first word, without a suffix."""
    for line in filter(None, map(str.strip, path.read_text(errors="replace").splitlines())):
        words = (line, line.split()[0])
        stems = [Path(word).stem for word in words if Path(word).suffix.lower() in SUFFIXES]
        yield next((word for word in (*words, *stems) if word in names), words[1])
