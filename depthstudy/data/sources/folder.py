"""The user's own data: a folder of labeled images, prepared once as a TFDS set.

A set that folders do not divide is divided by seed, class by class: a fifth of the images, rounded
and at least one, is tested on. Color in any image gives three channels, otherwise there is one.
Images that cannot be decoded are named, counted and left out.
"""

from __future__ import annotations

import collections
import concurrent.futures
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int
from tqdm import tqdm

from depthstudy import runtime
from depthstudy.config import DataConfig
from depthstudy.data.pipeline import order
from depthstudy.data.source import Shape, Source
from depthstudy.data.sources import folder_scan, image_file
from depthstudy.data.sources.folder_scan import FolderScan, LabeledFile
from depthstudy.data.sources.image_file import DamagedError, ImageProperties
from depthstudy.data.sources.tfds import prepared, writer
from depthstudy.errors import InputError

_TEST_SHARE = 0.2
_RECIPE = 1  # part of the fingerprint; to be raised when the same folder comes to give another set
_NAMED = 5  # damaged images that are named
_CLASSES_NAMED = 20


def open_source(config: DataConfig) -> Source:
    """Opens the folder of images in ``config.source_dir``, prepared on first use.

    It is prepared again when an image in it, or the seed that divides it, has changed.

    Raises:
      InputError: The folder cannot be what a set is made from, or the set cannot be written.
    """
    return open_scan(folder_scan.scan(config.source_dir), config)


def open_scan(scan: FolderScan, config: DataConfig) -> Source:
    """Opens the set that is made from the images of a scan; see ``open_source``."""
    return prepared.open_prepared(
        f"folder_{fingerprint(scan, config.seed)}",
        config,
        lambda folder: prepare(scan, folder, config.seed),
        title=str(scan.root),
    )


def fingerprint(scan: FolderScan, seed: int) -> str:
    """Returns a short hash of the files that a set is made from.

    It covers name, size and time of change of every image, and the seed where that divides them.
    """
    key = hashlib.sha256(f"{_RECIPE} {None if scan.test_name else seed}".encode())
    for file in scan.files:
        key.update(os.fsencode(f"\n{_name(scan, file)}\0{_stamp(file.path)}"))
    return key.hexdigest()[:16]


def prepare(scan: FolderScan, folder: Path, seed: int) -> None:
    """Writes the images of a scan as a prepared set, and a summary of it on stderr.

    Args:
      scan: The images.
      folder: Folder that the set becomes; see ``tfds.writer``.
      seed: Seed of the division into train and test, where folders do not divide.

    Raises:
      InputError: Too few images of a class can be read, or none at all.
      OSError: The set cannot be written.
    """
    _require_enough(scan, scan.files, 0)
    whole, damaged = _check(scan.files)
    reasons = [f"{_name(scan, file)}: {reason}" for file, reason in damaged.items()]
    if not whole:
        raise InputError(
            f"all {len(damaged)} images in {scan.root} are damaged, the first is {reasons[0]}"
        )
    _require_enough(scan, list(whole), len(damaged))
    parts = _divide(list(whole), seed)
    shape = _shape(list(whole.values()))
    report = [*_damage(reasons), _summary(scan, parts, len(damaged), shape)]
    print("\n".join(report), file=sys.stderr)
    writer.write_files_once(
        folder,
        scan.class_names,
        shape,
        {part: _examples(files) for part, files in parts.items()},
        total=len(whole),
    )


def held_out(labels: Int[np.ndarray, " N"], seed: int) -> Bool[np.ndarray, " N"]:
    """Returns a mask of the examples to test on: of each class a fifth, rounded, at least one."""
    shuffled = order.generator(seed, order.SUBSET, 1).permutation(len(labels))
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        chosen[members[: max(1, round(_TEST_SHARE * len(members)))]] = True
    return chosen


def _stamp(path: Path) -> str:
    try:
        about = path.stat()
    except OSError:  # a link to nowhere, say: a damaged image like others
        return ""
    return f"{about.st_size}\0{about.st_mtime_ns}"


def _name(scan: FolderScan, file: LabeledFile) -> Path:
    return file.path.relative_to(scan.root)


def _require_enough(scan: FolderScan, files: Sequence[LabeledFile], damaged: int) -> None:
    """Refuses a class that would be empty in train or in test."""
    least = 1 if scan.test_name else 2
    counts = collections.Counter((file.part, file.label) for file in files)
    few = [
        f"{counts[part, label]} of {name!r}{_where(scan, part)}"
        for part in scan.parts
        for label, name in enumerate(scan.class_names)
        if counts[part, label] < least
    ]
    if few:
        more = f" and {len(few) - _NAMED} more" if len(few) > _NAMED else ""
        left_out = f" ({damaged} damaged left out)" if damaged else ""
        raise InputError(
            f"too few images in {scan.root}{left_out}: each class needs {least}"
            f"{' in each part' if scan.test_name else ''},"
            f" and there are {', '.join(few[:_NAMED])}{more}"
        )


def _where(scan: FolderScan, part: str) -> str:
    return {"": "", "train": " in train", "test": f" in {scan.test_name}"}[part]


def _check(
    files: Sequence[LabeledFile],
) -> tuple[dict[LabeledFile, ImageProperties], dict[LabeledFile, str]]:
    """Decodes every image; returns properties of those that decode, reasons for the others."""
    whole: dict[LabeledFile, ImageProperties] = {}
    damaged: dict[LabeledFile, str] = {}
    bar = tqdm(total=len(files), desc="checking images", unit=" images", delay=2, disable=None)
    with concurrent.futures.ThreadPoolExecutor(runtime.cores()) as pool, bar:
        for file, result in zip(files, pool.map(_inspect, files), strict=True):
            if isinstance(result, str):
                damaged[file] = result
            else:
                whole[file] = result
            bar.update()
    return whole, damaged


def _inspect(file: LabeledFile) -> ImageProperties | str:
    try:
        return image_file.inspect(file.path)
    except DamagedError as error:
        return str(error)


def _divide(files: Sequence[LabeledFile], seed: int) -> dict[str, list[LabeledFile]]:
    """Returns the files of ``train`` and ``test``, in the order of the scan."""
    if files[0].part:
        return {part: [file for file in files if file.part == part] for part in ("train", "test")}
    tested = held_out(np.array([file.label for file in files]), seed)
    pairs = list(zip(files, tested, strict=True))
    return {
        "train": [file for file, test in pairs if not test],
        "test": [file for file, test in pairs if test],
    }


def _shape(images: Sequence[ImageProperties]) -> Shape:
    """Returns the height and width that all images share, or ``None``, and the channels."""
    channels = 1 if all(image.gray for image in images) else 3
    sizes = {(image.height, image.width) for image in images}
    height, width = sizes.pop() if len(sizes) == 1 else (None, None)
    return height, width, channels


def _examples(files: Sequence[LabeledFile]) -> Iterator[tuple[bytes, int]]:
    for file in files:
        try:
            encoded = image_file.encode(file.path)
        except DamagedError as error:
            raise InputError(f"{file.path} changed while it was read; try again") from error
        yield encoded, file.label


def _damage(reasons: Sequence[str]) -> list[str]:
    """Returns a line for each of the first damaged images, and one that counts the others."""
    lines = [f"damaged, left out: {reason}" for reason in reasons[:_NAMED]]
    more = len(reasons) - _NAMED
    return [*lines, f"damaged, left out: {more} more"] if more > 0 else lines


def _summary(
    scan: FolderScan,
    parts: Mapping[str, Sequence[LabeledFile]],
    damaged: int,
    shape: Shape,
) -> str:
    height, width, channels = shape
    names = scan.class_names
    more = f" and {len(names) - _CLASSES_NAMED} more" if len(names) > _CLASSES_NAMED else ""
    return (
        f"{scan.root}: {len(names)} classes ({', '.join(names[:_CLASSES_NAMED])}{more}),"
        f" {len(parts['train'])} train and {len(parts['test'])} test images"
        f" ({f'of {scan.test_name}' if scan.test_name else 'divided by seed'}),"
        f" {'gray' if channels == 1 else 'color'},"
        f" {f'{height} x {width}' if height else 'of many sizes'};"
        f" left out: {damaged} damaged, {scan.others} of another kind, {scan.hidden} hidden"
    )
