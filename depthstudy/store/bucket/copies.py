"""Local copies of what is only read, as images or weights: a folder of a bucket, or one object.

What each file was of is noted by what changes with its content. Images are many, and none is read
to see whether it is as it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from depthstudy.store.bucket.connection import Bucket, Entry

_NOTE = "copied.json"  # in a room
_PARTIAL = ".partial"


def fetch(url: str, room: Path, target: Path) -> bool:
    """Makes a local copy be as what has an address, and returns whether there is such a thing.

    Nobody else may write to the room; somebody may be reading what is there.

    Args:
      url: Address of a folder or an object.
      room: Where it is noted what was fetched.
      target: The copy.

    Raises:
      FailedError: The bucket cannot be reached.
    """
    bucket = Bucket(url)
    if entries := bucket.entries():
        if target.is_file():
            target.unlink()
        _fetch_folder(bucket, entries, room, target)
        return True
    above, _, name = url.rpartition("/")
    if above.count("/") < 2:  # it is a bucket
        return False
    parent = Bucket(above)
    entry = parent.top().get(name)
    if entry is None:
        return False
    _fetch_object(parent, name, entry, room, target)
    return True


def _fetch_folder(bucket: Bucket, entries: Mapping[str, Entry], room: Path, folder: Path) -> None:
    before, marks = _noted(room), {name: _mark(entry) for name, entry in entries.items()}
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    for name in present - {name for name in marks if before.get(name) == marks[name]}:
        (folder / name).unlink()
        present.discard(name)
    missing = {name: folder / name for name in marks if name not in present}
    if not missing and before == marks:
        return
    _note(room, {name: marks[name] for name in present})
    for path in missing.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    bucket.download(missing)
    _note(room, marks)


def _fetch_object(bucket: Bucket, name: str, entry: Entry, room: Path, target: Path) -> None:
    """Fetches an object that has changed, beside its copy, which is there at every moment."""
    if target.is_file() and _noted(room) == {name: _mark(entry)}:
        return
    if target.is_dir():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{name}{_PARTIAL}")
    bucket.download({name: partial})
    os.replace(partial, target)
    _note(room, {name: _mark(entry)})


def _mark(entry: Entry) -> str:
    return f"{entry.size} {entry.mark}"


def _noted(room: Path) -> dict[str, str]:
    """Returns what is noted of the files of a room; nothing where that cannot be read."""
    try:
        return msgspec.json.decode((room / _NOTE).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _note(room: Path, marks: Mapping[str, str]) -> None:
    room.mkdir(parents=True, exist_ok=True)
    partial = room / f"{_NOTE}{_PARTIAL}"
    partial.write_bytes(msgspec.json.encode(marks))
    os.replace(partial, room / _NOTE)
