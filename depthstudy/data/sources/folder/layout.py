"""Scan of a folder by the names of its sub-folders: classes, images and what is left out.

Two layouts are known. ``PATH/CLASS/*`` is one set, to be divided. ``PATH/train/CLASS/*`` beside
``PATH/test/CLASS/*`` is divided already; what is in ``val``, ``dev`` or the like is chosen by, or
tested on where there is no ``test``, and names are read in any case. Either may be a folder deeper.
A folder to test on whose images are in no class folder has no labels, and is left out. Images in
sub-folders of a class are of the class. A label is the position of its class among the sorted names
of the class folders.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from depthstudy.data.sources.folder.scan import (
    LAYOUT,
    Contents,
    FolderScan,
    LabeledFile,
    LeftOut,
    contents,
    open_root,
    printable,
    require_classes,
    walk,
)
from depthstudy.errors import InputError, first_names

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing")
VALIDATION_NAMES = ("val", "valid", "validation", "dev")  # the first that is there


class _Parts(NamedTuple):
    """The folder of each part, ``""`` of a set to be divided, and what beside them is not read."""

    folders: Mapping[str, Path]
    left_out: list[LeftOut]
    notes: list[str]

    @property
    def names(self) -> dict[str, str]:
        """Name of each part of a divided set, to that of its folder."""
        return {part: folder.name for part, folder in self.folders.items() if part}


def scan(source_dir: str | None) -> FolderScan:
    """Scans a folder for images by their names.

    Raises:
      InputError: There is no such folder, it has no images, fewer than two classes, other classes
        to test on than to train on, or classes that cannot be told apart.
    """
    root = open_root(source_dir)
    try:
        return _scan(root)
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror})") from error


def _scan(root: Path) -> FolderScan:
    top, left_out = _descend(root)
    parts = _parts(top, contents(top))
    left_out += parts.left_out
    classes: dict[str, dict[str, Path]] = {}
    files: list[LabeledFile] = []
    for part, folder in parts.folders.items():
        within = contents(folder)
        classes[part] = _class_folders(root, within.folders)
        left_out += within.left_out
        left_out += [LeftOut(path, "in no class folder") for path in within.images]
    names = _class_names(root, classes, parts.names)
    deeper = 0
    for part, folders in classes.items():
        for name, folder in folders.items():
            for entry in walk(folder):
                if isinstance(entry, LeftOut):
                    left_out.append(entry._replace(class_name=name))
                else:
                    files.append(LabeledFile(entry, names.index(name), part))
                    deeper += entry.parent != folder
    if not files:
        raise InputError(
            f"no images in class folders of {root} (other files or folders: {len(left_out)});"
            f" expected {LAYOUT}"
        )
    require_classes(root, names)
    notes = [f"images in sub-folders of their classes: {deeper:,}"] if deeper else []
    return FolderScan(
        root, tuple(names), tuple(files), parts.names, tuple(left_out), (*parts.notes, *notes)
    )


def _descend(root: Path) -> tuple[Path, list[LeftOut]]:
    """Returns the folder that holds the classes or parts, and what is beside it on the way.

    An archive often unpacks to one folder that has all others in it.
    """
    folder = root
    left_out: list[LeftOut] = []
    while True:
        within = contents(folder)
        if len(within.folders) != 1 or within.images:
            return folder, left_out
        (only,) = within.folders
        deeper = contents(only)
        if (
            deeper.images
            or not deeper.folders
            or os.path.realpath(only) in map(os.path.realpath, (folder, *folder.parents))
        ):
            return folder, left_out
        left_out += within.left_out
        folder = only


def _parts(top: Path, within: Contents) -> _Parts:
    """Returns the parts of a set; one that is to be divided has the part ``""`` alone."""
    by_name = {folder.name.lower(): folder for folder in reversed(within.folders)}
    train = next((by_name[name] for name in TRAIN_NAMES if name in by_name), None)
    others = (*TEST_NAMES, *VALIDATION_NAMES)
    evaluated = [by_name[name] for name in others if name in by_name]
    inside = None if train is None else contents(train)
    if train is None or inside is None:
        return _Parts({"": top}, [], [])
    if inside.images and not inside.folders:
        _refuse_flat(top, within, train, evaluated)
        return _Parts({"": top}, [], [])
    if not evaluated:
        if inside.images or (len(within.folders) > 1 and not inside.folders):
            return _Parts({"": top}, [], [])
        raise InputError(
            f"{top} has {train.name}, but no {', '.join(others[:-1])} or {others[-1]}"
            " folder beside it"
        )
    labeled = [folder for folder in evaluated if contents(folder).folders]
    folders = _divided(train, labeled)
    left_out: list[LeftOut] = within.left_out
    notes: list[str] = []
    left_out += [LeftOut(path, "in no class folder") for path in within.images]
    for folder in within.folders:
        if folder in folders.values():
            continue
        images = [entry for entry in walk(folder) if not isinstance(entry, LeftOut)]
        unlabeled = folder in evaluated and folder not in labeled
        why = "without labels" if unlabeled else f"in {printable(folder.name)}, which is not read"
        left_out += [LeftOut(path, why) for path in images]
        left_out += [entry for entry in walk(folder) if isinstance(entry, LeftOut)]
        if images or unlabeled:
            notes.append(
                f"{printable(folder.name)} is not read: its {len(images):,} images are"
                f" {'in no class folder, so without labels' if unlabeled else 'of no part in use'}"
            )
    return _Parts(folders, left_out, notes)


def _divided(train: Path, labeled: Sequence[Path]) -> dict[str, Path]:
    """Returns the folder of each part, the first to validate on being tested on where it has to be.

    Args:
      train: The folder to train on.
      labeled: Those to test on, then those to validate on.
    """
    if not labeled:
        return {"": train}
    test, *others = labeled
    validation = [folder for folder in others if folder.name.lower() in VALIDATION_NAMES]
    if not validation or test.name.lower() in VALIDATION_NAMES:
        return {"train": train, "test": test}
    return {"train": train, "validation": validation[0], "test": test}


def _refuse_flat(top: Path, within: Contents, train: Path, evaluated: Sequence[Path]) -> None:
    """Refuses ``train`` and ``test`` that hold images right in them, and would pass for classes."""
    others = [folder for folder in within.folders if folder != train and folder not in evaluated]
    if evaluated and not others:
        raise InputError(
            f"{top} has images right in {train.name} and {evaluated[0].name}, in no class folders:"
            " give their labels as data.labels_csv=FILE, of columns file and label"
        )


def _class_folders(root: Path, folders: Sequence[Path]) -> dict[str, Path]:
    """Returns class folders by name: NFC, without spaces around it.

    Raises:
      InputError: Two have one name, or one is a link to another.
    """
    by_name: dict[str, Path] = {}
    places: dict[str, Path] = {}
    for folder in folders:
        name = unicodedata.normalize("NFC", folder.name).strip()
        if name in by_name:
            raise InputError(
                f"{root} has class folders whose names look alike: {by_name[name].name!a} and"
                f" {folder.name!a}; merge them, or rename one"
            )
        real = os.path.realpath(folder)
        if real in places:
            links = [path for path in (folder, places[real]) if path.is_symlink()]
            one, other = (folder, places[real]) if folder in links else (places[real], folder)
            raise InputError(
                f"{root} has a class folder {one.name!r} that is a link to another, {other.name!r}:"
                " each image would be in both; remove the link"
            )
        by_name[name], places[real] = folder, folder
    return by_name


def _class_names(
    root: Path, classes: Mapping[str, Mapping[str, Path]], part_names: Mapping[str, str]
) -> list[str]:
    """Returns the sorted names of the classes, which all parts share."""
    (_, first), *others = classes.items()
    for part, folders in others:
        pairs = (("train", first, folders), (part_names[part], folders, first))
        only = [
            f"only in {where}: {first_names(sorted(set(one) - set(other)))}"
            for where, one, other in pairs
            if set(one) - set(other)
        ]
        if only:
            raise InputError(
                f"{root} has other classes in train than in {part_names[part]}; {'; '.join(only)}"
            )
    return sorted(first)
