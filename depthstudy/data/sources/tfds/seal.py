"""The list of a prepared set's files, by which it is seen whether they are as they were written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from depthstudy import store

FILES = "files.json"  # of every file of a set: bytes, time of change and hash

Sizes = dict[str, tuple[int, int, str]]


def seal(folder: Path) -> None:
    """Writes down size, time and hash of every file of a set, by which damage is seen later."""
    sizes = {path.name: _look(path) for path in sorted(folder.iterdir()) if path.name != FILES}
    store.write_bytes(folder / FILES, msgspec.json.encode(sizes))


def damage(folder: Path) -> str:
    """Returns what is wrong with the files of a set, or ``""``.

    A file that has its size and time is taken to be as it was; one of another time is read. Sets of
    earlier versions, which have no list of files, count as whole where TFDS can open them.
    """
    try:
        sizes = msgspec.json.decode((folder / FILES).read_bytes(), type=Sizes)
    except FileNotFoundError:
        whole = (folder / "features.json").is_file() and (folder / "dataset_info.json").is_file()
        return "" if whole else "files are missing"
    except msgspec.DecodeError:
        return f"{FILES} is damaged"
    for name, (size, time, digest) in sizes.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        about = path.stat()
        if about.st_size != size or (about.st_mtime_ns != time and _digest(path) != digest):
            return f"{name} is damaged"
    return ""


def _look(path: Path) -> tuple[int, int, str]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns, _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
