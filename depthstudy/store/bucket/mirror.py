"""Local copies of folders of a bucket, fetched whole but for checkpoints until they are read.

What a bucket has is the truth: a local file that is not as the one there is fetched anew, and one
that is not there is removed. A checkpoint of which only one of two files is there was cut short
while it was written or removed, and does not count.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from depthstudy.store.bucket import lease, places
from depthstudy.store.bucket.connection import Bucket, Entry
from depthstudy.store.bucket.failures import GoneError

READERS = "read"  # begins names of rooms of those that only read
_LISTING = "waiting.json"  # in a room: the objects that are fetched when they are asked for
_PARTIAL = ".partial"
_CHECKPOINT = re.compile(r"(?:.*/)?checkpoints/\d+/")
_HALVES = ("state/variables.safetensors", "state/training.safetensors")
_FOR_PEOPLE = re.compile(r"(.*/)?(events\.out\.tfevents[^/]*|damaged/.*)")
_TRIES = 5

Listing = dict[str, Entry]


class Asked(NamedTuple):
    """What of a folder is fetched at once.

    Attributes:
      checkpoints: Whether checkpoints are.
      for_people: Whether what no result depends on is fetched at all.
    """

    checkpoints: bool = False
    for_people: bool = True


def fetch(bucket: Bucket, folder: Path, asked: Asked) -> list[str]:
    """Makes a local folder be as one of a bucket, and returns the objects that do not count.

    Nobody else may write to the folder.

    Raises:
      FailedError: The bucket cannot be reached.
    """
    for _ in range(_TRIES):
        every = bucket.entries()
        entries = whole(every)
        if not asked.for_people:
            entries = {n: e for n, e in entries.items() if not _FOR_PEOPLE.fullmatch(n)}
        with contextlib.suppress(GoneError):  # who writes there has removed something meanwhile
            _make(bucket, folder, entries, asked)
            return cut_short(every)
    raise GoneError(f"{bucket.url} changes faster than it is read; give the command again later")


def whole(entries: Listing) -> Listing:
    """Returns what counts: no lease, and no half of a checkpoint."""
    left_out = {lease.NAME, *cut_short(entries)}
    return {name: entry for name, entry in entries.items() if name not in left_out}


def cut_short(entries: Listing) -> list[str]:
    """Returns the names of halves of checkpoints."""
    halves: dict[str, int] = {}
    for name in entries:
        if (match := _CHECKPOINT.match(name)) and name[match.end() :] in _HALVES:
            halves[match[0]] = halves.get(match[0], 0) + 1
    cut = tuple(checkpoint for checkpoint, count in halves.items() if count == 1)
    return [name for name in entries if cut and name.startswith(cut)]


def _make(bucket: Bucket, folder: Path, entries: Listing, asked: Asked) -> None:
    room = places.room_of(folder)
    assert room is not None, folder
    folder.mkdir(parents=True, exist_ok=True)
    missing = _remove_others(folder, entries)
    waiting = {n: e for n, e in missing.items() if _CHECKPOINT.match(n) and not asked.checkpoints}
    now = [name for name in missing if name not in waiting]
    for name in missing:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    _note(room, bucket.url, waiting)
    bucket.download({name: folder / name for name in now})


def _remove_others(folder: Path, entries: Listing) -> Listing:
    """Removes what is not as in a bucket, and returns what is missing then."""
    unchanged = set()
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes before it
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # it is not empty
                path.rmdir()
            continue
        name = path.relative_to(folder).as_posix()
        if name in entries and _is_same(path, entries[name]):
            unchanged.add(name)
        else:
            path.unlink()
    return {name: entry for name, entry in entries.items() if name not in unchanged}


def _is_same(path: Path, entry: Entry) -> bool:
    about = path.stat()
    if not entry.md5 or about.st_size != entry.size:
        return False
    return _md5(path, about.st_size, about.st_mtime_ns, about.st_ino) == entry.md5


@functools.lru_cache(maxsize=200_000)
def _md5(path: Path, *_version: int) -> str:
    """Returns the hash of a file, read once for each of its versions: each task compares all."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()


class _Waiting(msgspec.Struct, frozen=True):
    """What waits to be asked for: addresses of objects."""

    urls: tuple[str, ...]


def _note(room: Path, url: str, names: Iterable[str], replaced: str = "") -> None:
    """Notes what waits in a room; of earlier notes those stay that are not below ``replaced``."""
    kept = [one for one in _waiting(room) if replaced and not one.startswith(f"{replaced}/")]
    urls = tuple(sorted({*kept, *(f"{url}/{name}" for name in names)}))
    partial = room / f"{_LISTING}.{os.getpid()}{_PARTIAL}"
    partial.write_bytes(msgspec.json.encode(_Waiting(urls)))
    os.replace(partial, room / _LISTING)


def _waiting(room: Path) -> tuple[str, ...]:
    try:
        about = (room / _LISTING).stat()
    except OSError:
        return ()
    return _read_waiting(room, about.st_mtime_ns, about.st_ino)


@functools.lru_cache(maxsize=4)
def _read_waiting(room: Path, time: int, number: int) -> tuple[str, ...]:
    """Reads the note of a room, once for each that is written."""
    del time, number
    return msgspec.json.decode((room / _LISTING).read_bytes(), type=_Waiting).urls


def need(folder: Path) -> None:
    """Fetches what of a local folder waits to be asked for; what is of no bucket is there.

    What has been removed from the bucket meanwhile is missing afterwards.

    Raises:
      FailedError: The bucket cannot be reached.
    """
    room, url = places.room_of(folder), places.url_of(folder)
    if room is None or url is None or not folder.is_dir():
        return
    names = [one[len(url) + 1 :] for one in _waiting(room) if one.startswith(f"{url}/")]
    missing = {name: folder / name for name in names if not (folder / name).exists()}
    if not missing:
        return
    partials = {n: path.with_name(f".{path.name}.{os.getpid()}") for n, path in missing.items()}
    for path in partials.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        Bucket(url).download(partials)
        for name, partial in partials.items():
            os.replace(partial, missing[name])
    except GoneError:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
        if room.name.startswith(READERS):
            shutil.rmtree(folder)


def look(folder: Path) -> None:
    """Has the checkpoints in a reader's folder be those that are in the bucket now."""
    room, url = places.room_of(folder), places.url_of(folder)
    if room is None or url is None or not room.name.startswith(READERS):
        return
    run, _, folder_name = url.rpartition("/")
    entries = whole(
        {f"{folder_name}/{name}": entry for name, entry in Bucket(url).entries().items()}
    )
    steps = {name.split("/")[1] for name in entries if _CHECKPOINT.match(name)}
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir() and path.name not in steps:
            shutil.rmtree(path)
    for name in entries:
        (folder.parent / name).parent.mkdir(parents=True, exist_ok=True)
    _note(room, run, entries, replaced=url)
