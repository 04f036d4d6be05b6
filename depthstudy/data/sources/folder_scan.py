"""Scan of a folder of labeled images by name: its classes, its images and what is left out.

Two layouts are known. ``PATH/CLASS/*`` is one set, to be divided. ``PATH/train/CLASS/*`` beside
``PATH/test/CLASS/*`` is divided already; ``val`` or ``validation`` stands in where there is no
``test``. Images are the PNG and JPEG files right in a class folder. A label is the position of its
class among the sorted names of the class folders.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from depthstudy.data.sources import image_file
from depthstudy.errors import InputError

LAYOUT = "PATH/CLASS/* or PATH/{train,test}/CLASS/*, PNG or JPEG"
_TEST_NAMES = ("test", "val", "validation")  # the first that is there
_HIDDEN = (".", "__MACOSX")


@dataclasses.dataclass(frozen=True)
class LabeledFile:
    """An image file in a class folder.

    Attributes:
      path: Path of the file.
      label: Position of its class.
      part: ``"train"`` or ``"test"``, or ``""`` in a set that is still to be divided.
    """

    path: Path
    label: int
    part: str


@dataclasses.dataclass(frozen=True)
class FolderScan:
    """The images of a folder by name and class, none of them opened: one value, handed on.

    Attributes:
      root: The folder.
      class_names: Sorted names of the class folders.
      files: Images, by part, class and name.
      test_name: Name of the folder that is tested on; ``None`` in a set to be divided.
      hidden: Number of hidden files and folders.
      others: Number of files and folders that are neither images nor hidden nor read into.
    """

    root: Path
    class_names: tuple[str, ...]
    files: tuple[LabeledFile, ...]
    test_name: str | None
    hidden: int
    others: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that files may belong to."""
        return ("train", "test") if self.test_name else ("",)


class _Contents(NamedTuple):
    folders: list[Path]
    files: list[Path]
    hidden: int

    @property
    def images(self) -> list[Path]:
        return [file for file in self.files if file.suffix.lower() in image_file.SUFFIXES]


def scan(source_dir: str | None) -> FolderScan:
    """Scans a folder for images by their names.

    Raises:
      InputError: There is no such folder, it has no images, fewer than two classes, or other
        classes to test on than to train on.
    """
    if not source_dir:
        raise InputError(f"data.name 'folder' needs data.source_dir=PATH, with {LAYOUT}")
    root = Path(source_dir).expanduser()
    if not root.is_dir():
        raise InputError(f"data.source_dir {source_dir!r} is not a folder; expected {LAYOUT}")
    try:
        return _scan(root)
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror})") from error


def _scan(root: Path) -> FolderScan:
    top = _contents(root)
    test_name = _test_name(root, top)
    if test_name:
        parts = {"train": _contents(root / "train"), "test": _contents(root / test_name)}
    else:
        parts = {"": top}
    classes = {
        (part, label): _contents(folder)
        for part, contents in parts.items()
        for label, folder in enumerate(contents.folders)
    }
    files = [
        LabeledFile(path, label, part)
        for (part, label), contents in classes.items()
        for path in contents.images
    ]
    seen = [top, *(parts.values() if test_name else ()), *classes.values()]
    entries = sum(len(contents.folders) + len(contents.files) for contents in seen)
    others = entries - len(files) - len(classes) - (len(parts) if test_name else 0)
    names = {part: [folder.name for folder in parts[part].folders] for part in parts}
    if not files:
        raise InputError(
            f"no images in class folders of {root} (other files or folders: {others});"
            f" expected {LAYOUT}"
        )
    _require_classes(root, names, test_name)
    return FolderScan(
        root=root,
        class_names=tuple(next(iter(names.values()))),
        files=tuple(files),
        test_name=test_name,
        hidden=sum(contents.hidden for contents in seen),
        others=others,
    )


def _contents(folder: Path) -> _Contents:
    paths = sorted(folder.iterdir())
    visible = [path for path in paths if not path.name.startswith(_HIDDEN)]
    folders = [path for path in visible if path.is_dir()]
    files = [path for path in visible if not path.is_dir()]
    return _Contents(folders, files, len(paths) - len(visible))


def _test_name(root: Path, top: _Contents) -> str | None:
    """Returns the folder to test on, or ``None`` where ``train`` and its like are no parts."""
    names = [folder.name for folder in top.folders]
    test_names = [name for name in _TEST_NAMES if name in names]
    if "train" in names and test_names:
        return test_names[0]
    if "train" in names and not _contents(root / "train").images:
        raise InputError(
            f"{root} has train, but no {', '.join(_TEST_NAMES[:-1])} or"
            f" {_TEST_NAMES[-1]} folder beside it"
        )
    return None


def _require_classes(root: Path, names: Mapping[str, Sequence[str]], test_name: str | None) -> None:
    first = next(iter(names.values()))
    if test_name and set(first) != set(names["test"]):
        only = [
            f"only in {where}: {', '.join(sorted(set(one) - set(other)))}"
            for where, one, other in (
                ("train", first, names["test"]),
                (test_name, names["test"], first),
            )
            if set(one) - set(other)
        ]
        raise InputError(
            f"{root} has other classes in train than in {test_name}; {'; '.join(only)}"
        )
    if len(first) < 2:
        raise InputError(f"{root} has only one class, {first[0]!r}; at least 2 are needed")
    for name in first:  # TFDS keeps the names in a text file, one a line
        if not name.strip() or len(name.splitlines()) > 1 or not _is_text(name):
            raise InputError(f"{root} has a class folder whose name is not one line: {name!r}")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
