"""The user's own images with boxes: COCO JSON, YOLO txt or VOC XML, prepared once as a TFDS set.

Boxes that no net can learn from are mended or left out, named and counted on stderr: those that
reach out of the image are cut, swapped corners are put in order, empty ones are left out. Boxes of
an image that is stored turned are turned with it where the annotation says so; see ``turned``.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from depthstudy.config import DataConfig
from depthstudy.data import objects
from depthstudy.data.source import Source
from depthstudy.data.sources.detection import coco, data_yaml, voc, yolo
from depthstudy.data.sources.detection import prepared as with_objects
from depthstudy.data.sources.detection.annotated import (
    Annotated,
    AnnotatedFolder,
    Problems,
    image_files,
)
from depthstudy.data.sources.detection.division import CheckedImage, divide, indexes, placed
from depthstudy.data.sources.detection.turned import turned
from depthstudy.data.sources.folder import copies
from depthstudy.data.sources.images import image_file
from depthstudy.data.sources.images.image_file import UnreadableError
from depthstudy.data.sources.tfds import prepared
from depthstudy.errors import InputError
from depthstudy.store import bucket

PREFIX = "object_folder_"  # of the name of a prepared set
_RECIPE = 9  # to be raised when the same folder comes to give another set
_LEAST_SIDE = 1.0  # in pixels, of a box
_MOST_SHARE = 2.0  # of a corner that is a share of the image, and only reaches out of it

Files = Callable[[Path], list[Path]]

# Of each layout the files of boxes, those of names or splits beside them, and who reads them.
_LAYOUTS: Sequence[tuple[Files, Files, Callable[[Path], AnnotatedFolder]]] = (
    (coco.files, lambda root: [], coco.read),
    (voc.files, voc.split_files, voc.read),
    (yolo.files, data_yaml.files, yolo.read),
)


def open_source(config: DataConfig) -> Source:
    """Opens the folder in ``config.source_dir``, prepared on first use, and again if it changes.

    Raises:
      InputError: The folder holds no images with boxes, or the set cannot be written.
      OSError: A file of the folder cannot be read.
    """
    if config.source_dir is None:
        raise InputError("data.name='object_folder' needs data.source_dir, the folder of images")
    root = bucket.copied(config.source_dir)
    if not root.is_dir():
        raise InputError(f"data.source_dir: there is no folder {root}")
    annotations, read = _layout(root)
    name = f"{PREFIX}{_fingerprint(root, annotations, config.seed)}"
    source = prepared.open_prepared(
        name,
        config,
        lambda folder: _prepare(read(root), folder, config.seed),
        title=bucket.shown(root),
    )
    return with_objects.with_notes(source)


def _layout(root: Path) -> tuple[list[Path], Callable[[Path], AnnotatedFolder]]:
    for files, beside, read in _LAYOUTS:
        if paths := files(root):
            return [*paths, *beside(root)], read
    raise InputError(
        f"{root} has no boxes; allowed are COCO JSON (a file with images, annotations and"
        " categories), VOC XML (Annotations/*.xml) and YOLO txt (labels/*.txt)"
    )


def _fingerprint(root: Path, annotations: Sequence[Path], seed: int) -> str:
    """Returns a short hash of names, sizes and times of change of all that a set is made from."""
    key = hashlib.sha256(f"{_RECIPE} {seed}".encode())
    for path in [*annotations, *image_files(root)]:
        about = path.stat()
        key.update(os.fsencode(f"\n{path.relative_to(root)}\0{about.st_size}\0{about.st_mtime_ns}"))
    return key.hexdigest()[:16]


def _prepare(folder: AnnotatedFolder, place: Path, seed: int) -> None:
    problems = folder.problems
    images: list[CheckedImage] = []
    gray, sizes, peak = True, set[tuple[int, int]](), 0
    for image in tqdm(folder.images, desc="checking images", delay=2, disable=None):
        where = str(image.path.relative_to(folder.root))
        try:
            about = image_file.inspect(image.path)
        except UnreadableError as error:
            problems.add("damaged images, left out", f"{where} ({error})")
            continue
        size = (about.height, about.width)
        gray, sizes, peak = gray and about.gray, sizes | {size}, max(peak, about.peak)
        rows = checked_boxes(turned(image, about, where, problems), size, where, problems)
        images.append(CheckedImage(image.path, where, image.part, size, rows, about.digest))
    parts = divide(images, seed, problems)
    for name in ("train", "test"):
        if not any(len(image.rows) for image in parts.get(name, [])):
            lines = "".join(f"; {line}" for line in problems.lines())
            raise InputError(f"{folder.root} has no objects to {name} on{lines}")
    notes = [*problems.lines(), *copies.notes(placed(parts))]
    print("\n".join([*notes, _summary(folder, parts)]), file=sys.stderr)
    bits = image_file.bits_in_use(peak)
    height, width = next(iter(sizes)) if len(sizes) == 1 else (None, None)
    with_objects.write_once(
        place,
        folder.class_names,
        (height, width, 1 if gray else 3),
        {name: _examples(of, bits) for name, of in parts.items()},
        total=sum(map(len, parts.values())),
        notes=notes,
        bits=bits,
        indexes=indexes(parts),
    )


def checked_boxes(
    image: Annotated, size: tuple[int, int], where: str, problems: Problems
) -> objects.Rows:
    """Returns the boxes of an image that can be learned from, in pixels; notes the others.

    Args:
      image: The image.
      size: Its height and width in pixels.
      where: What a problem calls it.
      problems: Problems so far; those of the image are added.
    """
    height, width = size
    boxes, kept = [], []
    for number, box in enumerate(image.boxes, start=1):
        name = f"{where} box {number}"
        factors = (height, width, height, width) if box.relative else (1, 1, 1, 1)
        top, left, bottom, right = (x * f for x, f in zip(box.corners, factors, strict=True))
        if not all(map(np.isfinite, (top, left, bottom, right))):
            problems.add("boxes that are no numbers, left out", name)
            continue
        if box.relative and max(map(abs, box.corners)) > _MOST_SHARE:
            problems.add("boxes in pixels, not in shares of the image, left out", name)
            continue
        if bottom < top or right < left:
            problems.add("boxes with swapped corners, put in order", name)
            top, bottom = sorted((top, bottom))
            left, right = sorted((left, right))
        if min(bottom - top, right - left) < _LEAST_SIDE:
            problems.add("empty boxes, left out", name)
            continue
        inside = (max(top, 0), max(left, 0), min(bottom, height), min(right, width))
        if min(inside[2] - inside[0], inside[3] - inside[1]) < _LEAST_SIDE:
            problems.add("boxes outside of the image, left out", name)
            continue
        if max(abs(a - b) for a, b in zip(inside, (top, left, bottom, right), strict=True)) > 1:
            problems.add("boxes that reach out of the image, cut", name)
        boxes.append(inside)
        kept.append(box)
    areas = [
        (bottom - top) * (right - left) if box.area is None else box.area
        for box, (top, left, bottom, right) in zip(kept, boxes, strict=True)
    ]
    return objects.rows(boxes, [box.label for box in kept], [box.crowd for box in kept], areas)


def _summary(folder: AnnotatedFolder, parts: Mapping[str, Sequence[CheckedImage]]) -> str:
    counts = ", ".join(
        f"{len(of)} {name} images with {sum(len(image.rows) for image in of)} objects"
        for name, of in parts.items()
    )
    names = ", ".join(folder.class_names[:20]) + (", ..." if len(folder.class_names) > 20 else "")
    place = bucket.shown(folder.root)
    return f"{place} ({folder.layout}): {len(folder.class_names)} classes ({names}), {counts}"


def _examples(images: Sequence[CheckedImage], bits: int) -> Iterator[with_objects.Example]:
    for image in images:
        try:
            yield image_file.encode(image.path, bits), image.size, image.rows
        except UnreadableError as error:
            raise InputError(f"{image.path} changed while it was read; try again") from error
