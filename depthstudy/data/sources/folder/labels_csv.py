"""Labels from a CSV file, as labeling tools and Kaggle give them: a file and a label on each row.

The column of files is named ``file``, ``filename``, ``image``, ``path`` or ``id``, that of labels
``label``, ``class``, ``category`` or ``target``; of two columns with other names the
first is of files. A file is named by its path in the folder, with or without its suffix, or by its
name alone where only one image has it; accents may be composed in one and not in the other. A
column ``split`` with ``train`` and ``test``, and ``val`` or not, divides the set.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from depthstudy.data.sources.folder.layout import TEST_NAMES, TRAIN_NAMES, VALIDATION_NAMES
from depthstudy.data.sources.folder.scan import (
    FolderScan,
    LabeledFile,
    LeftOut,
    is_image,
    is_text,
    open_root,
    printable,
    require_classes,
    walk,
)
from depthstudy.errors import InputError, first_names
from depthstudy.store import bucket

_FILES = ("file", "filename", "file_name", "image", "image_id", "img", "path", "id")
_LABELS = ("label", "class", "category", "target", "breed", "species")
_PARTS = ("split", "part", "set", "subset")
# Of the parts that there are, what each is used for.
_ROLES = {
    frozenset(roles): roles
    for roles in (
        {"": ""},
        {"train": "train", "test": "test"},
        {"train": "train", "val": "test"},
        {"train": "train", "val": "validation", "test": "test"},
    )
}


def scan(source_dir: str | None, labels_csv: str) -> FolderScan:
    """Scans a folder for the images that a CSV file has a label for.

    Raises:
      InputError: The file cannot be read, has no such columns, names no image of the folder, gives
        one image two labels, or has fewer than two classes.
    """
    root = open_root(source_dir)
    path = _find(root, labels_csv)
    try:
        walked = list(walk(root))
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror})") from error
    images = [entry for entry in walked if not isinstance(entry, LeftOut)]
    left_out = [f for f in walked if isinstance(f, LeftOut) and f.path != path]
    by_name = _by_name(root, images)
    rows = _rows(path, by_name)
    labels, absent = _labels(root, path, rows, by_name)
    left_out += [LeftOut(root / name, f"in {path.name}, but not in the folder") for name in absent]
    nameless = [image for image, (label, _) in labels.items() if not label]
    left_out += [LeftOut(image, f"without a label in {path.name}") for image in nameless]
    left_out += [LeftOut(i, f"not in {path.name}") for i in images if i not in labels]
    known = {image: pair for image, pair in labels.items() if pair[0]}
    if not known:
        raise InputError(
            f"data.labels_csv {path} names no image in {root}; its first file is"
            f" {rows[0][0]!r}, the first image {_relative(root, images)!r}"
        )
    names = sorted({label for label, _ in known.values()}, key=_natural)
    require_classes(root, names)
    parts = {part for _, part in known.values()}
    roles = _ROLES.get(frozenset(parts))
    if roles is None:
        raise InputError(
            f"{path}: its column of parts needs train and test in it, on each row; val is beside"
            " them, or in the place of test"
        )
    files = [
        LabeledFile(image, names.index(label), roles[part])
        for image, (label, part) in sorted(known.items())
    ]
    part_names = {role: f"{path.name}'s {part}" for part, role in roles.items() if part}
    notes = tuple(_notes(path, absent))
    return FolderScan(root, tuple(names), tuple(files), part_names, tuple(left_out), notes)


def _notes(path: Path, absent: Sequence[str]) -> Iterator[str]:
    if absent:
        count, one = len(absent), len(absent) == 1
        names = "names a file that is" if one else "name files that are"
        which = first_names([printable(name) for name in absent])
        yield f"{count:,} row{'' if one else 's'} of {path.name} {names} not in the folder: {which}"


def _find(root: Path, labels_csv: str) -> Path:
    given = bucket.copied(labels_csv)
    for path in (given, root / given):
        if path.is_file():
            return path
    raise InputError(f"data.labels_csv {labels_csv!r} is not a file, nor one in {root}")


def _rows(path: Path, by_name: Mapping[str, list[Path]]) -> list[tuple[str, str, str]]:
    """Returns file, label and part of each row.

    Args:
      path: The CSV file.
      by_name: Images by each name that a row may call them; a first row that does is refused.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # Of quotes the first line says too little: those of labels are doubled, as in RFC 4180.
            delimiter = csv.Sniffer().sniff(file.readline(), ",;\t").delimiter
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
            header, *rows = [row for row in reader if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"data.labels_csv {path} is no CSV file in UTF-8 ({reason})") from error
    names = [name.strip().lower() for name in header]
    file_at, label_at = _column(names, _FILES), _column(names, _LABELS)
    if len(names) == 2:
        file_at = 1 - (label_at or 0) if file_at is None and label_at is not None else file_at
        file_at = 0 if file_at is None else file_at
        label_at = 1 - file_at
        first = header[file_at].strip()
        is_row = names[file_at] not in _FILES and _key(first) in by_name
        if is_row or is_image(Path(first)):  # which would be left out in silence
            raise InputError(
                f"data.labels_csv {path} begins with the row {', '.join(header)}, and not with the"
                f" names of its columns; put {delimiter.join(('file', 'label'))} before it"
            )
    if file_at is None or label_at is None or not rows:
        raise InputError(
            f"data.labels_csv {path} needs a first row with the names of its columns, of them one"
            f" file and one label, and rows; it has {len(rows)} rows of {', '.join(header)}"
        )
    part_at = _column(names, _PARTS)
    width = max(at for at in (file_at, label_at, part_at) if at is not None)
    short = next((row for row in rows if len(row) <= width), None)
    if short is not None:
        raise InputError(f"data.labels_csv {path}: a row has too few columns: {', '.join(short)}")
    return [
        (
            row[file_at].strip(),
            _composed(row[label_at]).strip(),
            "" if part_at is None else _part(path, row[part_at].strip()),
        )
        for row in rows
    ]


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _part(path: Path, name: str) -> str:
    names = {"train": TRAIN_NAMES, "val": VALIDATION_NAMES, "test": TEST_NAMES}
    for part, known in names.items():
        if name.lower() in known:
            return part
    raise InputError(f"data.labels_csv {path}: no part {name!r}; allowed: train, val, test")


def _by_name(root: Path, images: Sequence[Path]) -> dict[str, list[Path]]:
    """Returns the images by each name that a row may call them."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for image in images:
        relative = image.relative_to(root)
        for name in {str(relative), str(relative.with_suffix("")), image.name, image.stem}:
            by_name[_composed(name)].append(image)
    return by_name


def _key(name: str) -> str:
    """Returns the name of a file in a row as ``_by_name`` has it."""
    return _composed(name.removeprefix("./"))


def _labels(
    root: Path,
    path: Path,
    rows: Sequence[tuple[str, str, str]],
    by_name: Mapping[str, list[Path]],
) -> tuple[dict[Path, tuple[str, str]], list[str]]:
    """Returns label and part of each image that has a row, and the files that are not there."""
    labels: dict[Path, tuple[str, str]] = {}
    absent, unclear, twice = [], [], []
    for name, label, part in rows:
        path_in_folder = _key(name)
        matches = by_name.get(path_in_folder, []) if is_text(name) else []
        whole = [x for x in matches if _composed(str(x.relative_to(root))) == path_in_folder]
        matches = [root / name] if root / name in whole else whole or matches
        if not matches:
            absent.append(name)
        elif len(matches) > 1:
            unclear.append(name)
        elif labels.setdefault(matches[0], (label, part)) != (label, part):
            twice.append(name)
    if unclear:
        raise InputError(
            f"data.labels_csv {path}: several images have the name {first_names(unclear)};"
            " name them by their paths in the folder"
        )
    if twice:
        raise InputError(f"data.labels_csv {path}: two labels for {first_names(twice)}")
    return labels, absent


def _composed(text: str) -> str:
    """Returns a text with each accent in its letter (NFC); macOS and its archives split them."""
    return unicodedata.normalize("NFC", text)


def _relative(root: Path, images: Sequence[Path]) -> str:
    return str(images[0].relative_to(root)) if images else "none"


def _natural(name: str) -> tuple[bool, int, str]:
    """Returns what orders names: numbers by value, before words."""
    is_number = name.isascii() and name.isdigit()
    return not is_number, int(name) if is_number else 0, name
