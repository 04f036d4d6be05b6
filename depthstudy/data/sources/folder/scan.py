"""What a scan by names alone finds in a folder: one value, handed on."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from depthstudy.data.sources.images import image_file
from depthstudy.errors import InputError
from depthstudy.store import bucket

LAYOUT = (
    f"PATH/CLASS/* or PATH/{{train,val,test}}/CLASS/*, {image_file.KINDS}; or any folder with"
    " data.labels_csv=FILE, of columns file and label"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # ends of lines among them
HIDDEN = (".", "__MACOSX")


@dataclasses.dataclass(frozen=True)
class LabeledFile:
    """An image file whose class is known.

    Attributes:
      path: Path of the file.
      label: Position of its class.
      part: ``"train"``, ``"validation"`` or ``"test"``, or ``""`` in a set to be divided.
    """

    path: Path
    label: int
    part: str


class LeftOut(NamedTuple):
    """A file or folder that is not read, and why.

    Attributes:
      path: Its path.
      reason: Why, in a few words.
      class_name: The class in whose folder it is, or ``""``.
    """

    path: Path
    reason: str
    class_name: str = ""


@dataclasses.dataclass(frozen=True)
class FolderScan:
    """The images of a folder by name and class, none of them opened.

    Attributes:
      root: The folder, as the user gave it.
      class_names: Sorted names of the classes.
      files: Images, by part, class and name.
      part_names: Name of each part, in the order of use, to that of its folder; none in a set to
        be divided.
      left_out: Everything else.
      notes: What a person should know of the layout, a sentence each.
    """

    root: Path
    class_names: tuple[str, ...]
    files: tuple[LabeledFile, ...]
    part_names: Mapping[str, str]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that files may belong to."""
        return tuple(self.part_names) or ("",)

    def name(self, path: Path) -> str:
        """Returns a path as seen from the folder, as text that can be printed and stored."""
        relative = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return printable(relative)


class Contents(NamedTuple):
    """What is right in a folder, by name."""

    folders: list[Path]
    images: list[Path]
    others: list[Path]
    hidden: list[Path]

    @property
    def left_out(self) -> list[LeftOut]:
        """What no class can have: files that are no images, and hidden ones."""
        return [
            *(LeftOut(path, "hidden") for path in self.hidden),
            *(LeftOut(path, other_kind(path)) for path in self.others),
        ]


def contents(folder: Path) -> Contents:
    """Lists what is right in a folder."""
    paths = sorted(folder.iterdir())
    hidden = [path for path in paths if path.name.startswith(HIDDEN)]
    visible = [path for path in paths if not path.name.startswith(HIDDEN)]
    folders = [path for path in visible if path.is_dir()]
    files = [path for path in visible if not path.is_dir()]
    images = [path for path in files if is_image(path)]
    return Contents(folders, images, [path for path in files if not is_image(path)], hidden)


def walk(folder: Path, above: frozenset[str] = frozenset()) -> Iterator[Path | LeftOut]:
    """Yields every image in a folder and below, and everything else as left out."""
    real = os.path.realpath(folder)
    if real in above:
        yield LeftOut(folder, "a link to a folder above it")
        return
    within = contents(folder)
    yield from within.left_out
    yield from within.images
    for deeper in within.folders:
        yield from walk(deeper, above | {real})


def is_image(path: Path) -> bool:
    """Whether the name of a file is that of an image that is read."""
    return path.suffix.lower() in image_file.SUFFIXES


def other_kind(path: Path) -> str:
    """Returns why a file is left out that has not the name of an image."""
    suffix = printable(path.suffix.lower())
    return f"not an image that is read ({suffix or 'no suffix'})"


def printable(path: Path | str) -> str:
    """Returns a path as one line of text: bytes that are not UTF-8, and controls, as escapes.

    >>> printable("caf\\udce9.png"), printable("Icon\\r")  # as macOS names a folder's icon
    ('caf\\\\xe9.png', 'Icon\\\\r')
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def open_root(source_dir: str | None) -> Path:
    """Returns the folder that a user named.

    Raises:
      InputError: None is named, it is no folder, or its path is not UTF-8.
    """
    if not source_dir:
        raise InputError(f"data.name 'folder' needs data.source_dir=PATH, with {LAYOUT}")
    root = bucket.copied(source_dir)
    if not is_text(str(root)):
        raise InputError(
            f"data.source_dir {printable(root)!r} is not UTF-8, and could not be written down;"
            " rename the folder, or give another path to it"
        )
    if not root.is_dir():
        raise InputError(f"data.source_dir {source_dir!r} is not a folder; expected {LAYOUT}")
    return root


def is_text(name: str) -> bool:
    """Whether a name can be written in UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_classes(root: Path, names: Sequence[str]) -> None:
    """Refuses names of classes that no set can have, or fewer than two.

    Raises:
      InputError: They are such names.
    """
    if len(names) < 2:
        only = repr(names[0]) if names else "none"
        raise InputError(f"{root} has only one class, {only}; at least 2 are needed")
    for name in names:  # TFDS keeps the names in a text file, one a line
        if not name.strip() or len(name.splitlines()) > 1 or not is_text(name):
            raise InputError(f"{root} has a class whose name is not one line of text: {name!r}")
