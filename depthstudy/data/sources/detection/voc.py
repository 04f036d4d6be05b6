"""Pascal VOC's XML: one file for each image, with the corners of its boxes in pixels from 1."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from depthstudy.data.sources.detection.annotated import (
    PARTS,
    Annotated,
    AnnotatedFolder,
    Box,
    Problems,
    image_files,
    part_of,
    stated_size,
)

_CORNERS = ("ymin", "xmin", "ymax", "xmax")


def files(root: Path) -> list[Path]:
    """Returns the files of annotations in a folder."""
    return [path for path in sorted(root.rglob("*.xml")) if _tree(path) is not None]


def read(root: Path) -> AnnotatedFolder:
    """Reads all images of a folder with such files; classes are in the order of the alphabet."""
    problems, images = Problems(), []
    trees = {path: tree for path in files(root) if (tree := _tree(path)) is not None}
    for path in sorted(root.rglob("*.xml")):
        if path not in trees and _root(path) is None:
            where = str(path.relative_to(root))
            problems.add("files of XML that cannot be read, left out", where)
    class_names = {
        node.findtext("name") or "" for tree in trees.values() for node in tree.iter("object")
    }
    names = sorted(class_names - {""})
    parts = _parts(root)
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
        part = parts.get(path.stem) or part_of(picture.parent.relative_to(root).parts)
        size = stated_size(tree.findtext("size/height"), tree.findtext("size/width"))
        images.append(Annotated(picture, part, tuple(boxes), size))
    named = {image.path for image in images}
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
    """Returns the lists of images, one for each split."""
    return sorted(root.glob("ImageSets/Main/*.txt"))


def _parts(root: Path) -> dict[str, str]:
    """Returns the split of each image that a list of images names."""
    return {
        line.split()[0]: PARTS[path.stem]
        for path in split_files(root)
        if path.stem in PARTS and path.stem != "trainval"
        for line in path.read_text(errors="replace").splitlines()
        if line.split()
    }
