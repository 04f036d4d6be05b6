"""A folder of a bucket: what is in it, and reading, writing and removing whole objects.

By fsspec, whose file systems ``s3fs`` and ``gcsfs`` find credentials as the tools of AWS and of
Google do. What fails for a moment is tried again; what fails for good is one line.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from absl import logging

from depthstudy.errors import required
from depthstudy.store.bucket import failures

_LIBRARIES = {  # by scheme: package and class, and the extra that has it
    "s3": ("s3fs", "S3FileSystem", "s3"),
    "gs": ("gcsfs.core", "GCSFileSystem", "gcs"),  # gcsfs's default asks more of a bucket
}
PAUSE, _LONGEST_PAUSE = 1.0, 20.0  # seconds between two tries, twice as long each time
_AT_ONCE = 16  # files that are fetched side by side

T = TypeVar("T")


class Entry(NamedTuple):
    """An object.

    Attributes:
      size: In bytes.
      mark: What changes with its content.
      md5: Of its content, in hexadecimal; ``""`` where the store does not say.
    """

    size: int
    mark: str
    md5: str


class Bucket:
    """A folder of a bucket; names are relative to it. For one thread."""

    def __init__(
        self, url: str, patience: float = 0.0, stopped: threading.Event | None = None
    ) -> None:
        """Connects.

        Args:
          url: Address of the folder.
          patience: Seconds for which is tried again what fails for a moment; the library itself
            tries a few times within seconds.
          stopped: From when it is set, nothing is tried again, and nothing more is removed.

        Raises:
          InputError: The library for it is not installed.
        """
        self.url, self._patience = url, patience
        self._stopped = stopped or threading.Event()
        self._scheme, _, self._path = url.partition("://")
        self.file_system = _file_system(self._scheme)

    def entries(self, below: str = "") -> dict[str, Entry]:
        """Returns what is in the folder and below, or in a folder in it, by name."""
        prefix = f"{self._at(below) if below else self._path}/"
        objects = self._unless_gone(lambda: self.file_system.find(prefix, detail=True)) or {}
        start = len(self._path) + 1
        return {
            name[start:]: _entry(about)
            for name, about in objects.items()
            if about["type"] == "file" and name.startswith(prefix) and _is_path(name[start:])
        }

    def top(self) -> dict[str, Entry]:
        """Returns what is in the folder itself, by name."""
        folder = f"{self._path}/"
        listing = self._unless_gone(lambda: self.file_system.ls(folder, detail=True)) or ()
        files = [about for about in listing if about["type"] == "file"]
        names = {str(about["name"]).rpartition("/")[2]: about for about in files}
        return {name: _entry(about) for name, about in names.items() if _is_path(name)}

    def read(self, name: str) -> bytes | None:
        """Returns the content of an object, or ``None`` where there is none."""
        return self._unless_gone(lambda: bytes(self.file_system.cat_file(self._at(name))))

    def write(self, name: str, content: bytes) -> None:
        """Writes an object."""
        self._put(lambda: self.file_system.pipe_file(self._at(name), content))

    def create(self, name: str, content: bytes) -> bool:
        """Writes an object unless there is one; says whether it did."""

        def create() -> bool:
            try:
                self.file_system.pipe_file(self._at(name), content, mode="create")
            except Exception as error:
                if failures.is_unmet(error):
                    return False
                raise
            return True

        return self._put(create)

    def upload(self, path: Path, name: str) -> None:
        """Puts a file in its place."""
        self._put(lambda: self.file_system.put_file(str(path), self._at(name)))

    def download(self, places: Mapping[str, Path]) -> None:
        """Fetches objects, each to a path whose folder is there.

        Raises:
          GoneError: There is one no longer.
        """
        names, paths = [self._at(name) for name in places], [str(p) for p in places.values()]
        if names:
            self._tried(lambda: self.file_system.get(names, paths, batch_size=_AT_ONCE))

    def remove(self, names: Sequence[str]) -> None:
        """Removes objects, if they are there; once it is stopped, no more of them."""
        for name in names:
            if self._stopped.is_set():
                return
            with contextlib.suppress(failures.GoneError):
                self._tried(functools.partial(self.file_system.rm_file, self._at(name)))

    def _unless_gone(self, function: Callable[[], T]) -> T | None:
        """Returns what a function returns, or ``None`` where what it asks for is not there."""
        try:
            return self._tried(function)
        except failures.GoneError:
            return None

    def _put(self, function: Callable[[], T]) -> T:
        try:
            return self._tried(function)
        except failures.GoneError as error:  # Google's store says no more than that
            raise failures.no_bucket(self.url) from error

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def _tried(self, function: Callable[[], T]) -> T:
        """Calls a function until it succeeds, is refused, or patience has ended."""
        end, pause = time.monotonic() + self._patience, PAUSE
        while True:
            try:
                return function()
            except Exception as error:
                line = failures.as_line(error, self.url)
                if not failures.is_passing(error) or time.monotonic() + pause > end:
                    raise line from error
                if pause == PAUSE:
                    logging.warning("%s; it is tried again", str(line).partition(";")[0])
            if self._stopped.wait(pause):
                raise line
            pause = min(2 * pause, _LONGEST_PAUSE)


def _file_system(scheme: str) -> Any:
    package, kind, extra = _LIBRARIES[scheme]
    of_scheme = getattr(required(package, extra=extra, by=f"{scheme}://"), kind)
    try:
        return of_scheme(use_listings_cache=False)  # one for each thread
    except Exception as error:
        raise failures.as_line(error, f"{scheme}://") from error


def _is_path(name: str) -> bool:
    """Returns whether a name is one that a file below a folder can have."""
    return not {"", ".", ".."} & set(name.split("/"))


def _entry(about: Mapping[str, Any]) -> Entry:
    tag = str(about.get("ETag") or about.get("etag") or "").strip('"')
    if "md5Hash" in about:
        md5 = base64.b64decode(about["md5Hash"]).hex()
    else:
        md5 = tag if len(tag) == 32 and set(tag) <= set("0123456789abcdef") else ""
    mark = f"{tag} {about.get('generation') or about.get('LastModified') or ''}"
    return Entry(int(about["size"]), mark, md5)
