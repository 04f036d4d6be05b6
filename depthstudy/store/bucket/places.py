"""Where a folder of a bucket lies on this machine, and what it is called: its address.

A local copy lies in ``CACHE/buckets/ROOM/SCHEME/BUCKET/KEY``, so that a path alone says which
object it is of, in every process. A room is for one use, as a work directory, or what a process
reads.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
from pathlib import Path

from depthstudy.errors import InputError
from depthstudy.store.cache_folder import cache_dir

SCHEMES = ("s3", "gs")
Place = str | os.PathLike[str]

_URL = re.compile(r"(s3|gs):/{1,2}(.*)", re.DOTALL)  # a pathlib.Path of one has lost a slash
_ELSEWHERE = re.compile(r"(\w+)://")
_OTHERS = ("az", "abfs", "gcs", "hdfs", "http", "https", "r2", "s3a", "wasb")


def is_url(place: Place) -> bool:
    """Returns whether a place is in a bucket.

    Raises:
      InputError: It is an address of a kind that is not read.

    >>> is_url("s3://bucket/study"), is_url("results/study")
    (True, False)
    """
    text = os.fspath(place)
    other = _ELSEWHERE.match(text)
    if other and other[1] in _OTHERS:
        raise InputError(f"{text}: allowed are folders, s3://BUCKET/FOLDER and gs://BUCKET/FOLDER")
    return bool(_URL.match(text))


def normal(place: Place) -> str:
    """Returns an address as it is always written.

    Raises:
      InputError: It names no bucket, or leads out of its folder.

    >>> normal("s3://bucket//study/"), normal(Path("gs://bucket/study"))
    ('s3://bucket/study', 'gs://bucket/study')
    """
    match = _URL.match(os.fspath(place))
    assert match is not None, place
    parts = [part for part in match[2].split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise InputError(f"{os.fspath(place)}: expected {match[1]}://BUCKET/FOLDER")
    return f"{match[1]}://{'/'.join(parts)}"


def joined(place: Place, *names: str) -> str:
    """Returns a folder or file in a place, which may be in a bucket.

    >>> joined("s3://bucket/study", "analysis"), joined("study", "analysis")
    ('s3://bucket/study/analysis', 'study/analysis')
    """
    return "/".join([normal(place), *names]) if is_url(place) else str(Path(place, *names))


def buckets() -> Path:
    """Returns the folder of all local copies."""
    return Path(os.path.abspath(cache_dir())) / "buckets"


def room(use: str, url: str = "") -> Path:
    """Returns the folder of the room for a use, of an address if one is given."""
    key = f"-{hashlib.sha256(url.encode()).hexdigest()[:12]}" if url else ""
    return buckets() / f"{use}{key}"


def namespace() -> int:
    """Returns the number of that in which processes have their numbers: each container has its own.

    Containers that share the network of their machine have the same name.
    """
    with contextlib.suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino
    return 0


def process_key(number: int) -> str:
    """Returns a name that no other process has, also of another machine that sees the cache."""
    return f"{_machine()}-{os.getpid()}-{number}"


def process_of(name: str) -> int | None:
    """Returns the process of this machine whose key ends a name; ``None`` where it is of none."""
    match = re.fullmatch(rf"(?:\w+-)?{re.escape(_machine())}-(\d+)-\d+", name)
    return int(match[1]) if match else None


def _machine() -> str:
    return f"{socket.gethostname()}-{namespace()}"


def inside(room: Path, url: str) -> Path:
    """Returns where the local copy of what has an address lies in a room."""
    scheme, _, rest = url.partition("://")
    return room.joinpath(scheme, *rest.split("/"))


def room_of(path: Place) -> Path | None:
    """Returns the room that a path is in; ``None`` where it is of no bucket."""
    parts = _parts(path)
    return None if parts is None else buckets() / parts[0]


def url_of(path: Place) -> str | None:
    """Returns the address of what a path is a local copy of; ``None`` where it is of no bucket."""
    parts = _parts(path)
    return None if parts is None else f"{parts[1]}://{'/'.join(parts[2:])}"


def _parts(path: Place) -> list[str] | None:
    text, root = os.path.abspath(os.fspath(path)), f"{buckets()}{os.sep}"
    if not text.startswith(root):
        return None
    parts = text[len(root) :].split(os.sep)
    return parts if len(parts) > 2 and parts[1] in SCHEMES else None


def shown(text: Place) -> str:
    """Returns a text, or a path, in which local copies are called by their addresses."""
    copies = re.compile(rf"{re.escape(str(buckets()))}/[^/\s]+/(s3|gs)/")
    return copies.sub(lambda match: f"{match[1]}://", os.fspath(text))
