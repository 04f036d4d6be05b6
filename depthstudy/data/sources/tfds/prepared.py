"""Sets that are prepared on first use, as TFDS sets in the folder of prepared sets.

A prepared set can be made again, so that one whose files are missing or damaged is, with a warning.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from depthstudy import store
from depthstudy.config import DataConfig
from depthstudy.data.sources.tfds import reader
from depthstudy.errors import InputError

VERSION = "1.0.0"
FILES = "files.json"  # of every file of a set: bytes, time of change and hash

Sizes = dict[str, tuple[int, int, str]]


def open_prepared(
    name: str, config: DataConfig, prepare: Callable[[Path], None], *, title: str
) -> reader.TfdsSource:
    """Opens a set, and prepares it first unless it is there and whole.

    Args:
      name: Name of the set without a version.
      config: Its ``data_dir`` is where prepared sets are.
      prepare: Writes the set to a folder.
      title: What an error calls the set.

    Raises:
      InputError: The set cannot be written, or ``prepare`` refuses.
    """
    folder = data_dir(config) / name / VERSION
    try:
        if folder.is_dir() and (reason := damage(folder)):
            print(f"{title}: prepared again, as in {folder} {reason}", file=sys.stderr)
            shutil.rmtree(folder)
        if not folder.is_dir():
            prepare(folder)
            with contextlib.suppress(OSError):
                seal(folder)
    except OSError as error:
        raise InputError(
            f"{title} cannot be prepared in {folder} ({error.strerror or error}); set"
            " data.data_dir to a folder that can be written and has room"
        ) from error
    return reader.open_folder(folder)


def data_dir(config: DataConfig) -> Path:
    """Returns the folder of the sets that are prepared on first use.

    Raises:
      InputError: It is in a bucket, from where sets are only read.
    """
    if config.data_dir and store.bucket.is_url(config.data_dir):
        raise InputError(
            f"data.data_dir={config.data_dir} is in a bucket, and data.name={config.name!r} is"
            " prepared on this machine: leave data.data_dir out"
        )
    return Path(config.data_dir).expanduser() if config.data_dir else store.cache_dir()


def reopen(name: str, config: DataConfig) -> reader.TfdsSource | None:
    """Opens a set that is there by its full name, ``NAME/VERSION``; ``None`` where it is not."""
    folder = data_dir(config) / name
    with contextlib.suppress(OSError):  # what cannot be read is prepared again
        if folder.is_dir() and not damage(folder):
            return reader.open_folder(folder)
    return None


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
