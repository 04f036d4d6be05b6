"""Files that are written whole or not at all, and the folders that they are written to."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pandas as pd
from absl import logging

from depthstudy.config import FORMER_NAMES
from depthstudy.errors import DamagedError, InputError
from depthstudy.store import bucket, locks

_LOCK = ".lock"
_HASH = "sha256"  # of a JSON file: of all else in it
_NAMED = ("probe", "metric", "part", "mechanism")  # columns of names that have changed

T = TypeVar("T")


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, also where the machine stops meanwhile.

    Of a folder in a bucket, it is put there afterwards.

    Raises:
      OSError: It cannot be written; what was there before is there still.
      FailedError: An earlier file could not be put into the bucket.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):  # on a full disk it is in the way
            partial.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    sync(path.parent)
    bucket.placed(path)


def require_writable(folder: Path) -> None:
    """Raises OSError where no file can be written to a folder, which need not be there yet."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(nearest))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(nearest))


def remove(path: Path) -> None:
    """Removes a file if it is there."""
    path.unlink(missing_ok=True)
    bucket.removed(path)


def remove_folder(path: Path) -> None:
    """Removes a folder and all that is in it, if it is there."""
    if path.exists():
        shutil.rmtree(path, ignore_errors=True)
        bucket.removed(path, is_folder=True)


def move(path: Path, target: Path) -> None:
    """Moves a file or a folder to where there is none of that name, on the same disk."""
    is_folder = path.is_dir()
    bucket.need(path)
    path.rename(target)
    bucket.placed(target)
    bucket.removed(path, is_folder=is_folder)


def sync(folder: Path) -> None:
    """Waits until the names in a folder are on disk, where its file system can be asked to."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:  # some that are mounted by FUSE or CIFS cannot
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(number)


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all, in UTF-8."""
    write_bytes(path, _printable(text).encode("utf-8"))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Writes plain values as JSON that a person can read, with a hash of them; no NaN."""
    plain = json.loads(_printable(json.dumps(value, allow_nan=False, ensure_ascii=False)))
    plain.pop(_HASH, None)
    sealed = {**plain, _HASH: _hash(plain)}
    write_text(path, json.dumps(sealed, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV."""
    write_bytes(path, table_bytes(table))


def table_bytes(table: pd.DataFrame) -> bytes:
    """Returns a table as CSV, in UTF-8."""
    return _printable(table.to_csv(index=False)).encode("utf-8")


_NUMBERS = (int, float, int | None, float | None)


def read_table(path: Path, kind: type) -> pd.DataFrame:
    """Reads a table of a kind in ``records``; text stays text, even ``18`` or ``None``.

    Names that an earlier version wrote become those of today.

    Raises:
      FileNotFoundError: There is none.
      DamagedError: It is no such table.
    """
    hints = typing.get_type_hints(kind)
    numbers = [name for name, hint in hints.items() if hint in _NUMBERS]
    try:
        table = pd.read_csv(
            path,
            dtype={
                name: bool if hint is bool else str
                for name, hint in hints.items()
                if name not in numbers
            },
            keep_default_na=False,
            na_values={name: ["", "nan", "NaN"] for name in numbers},
            encoding="utf-8-sig",  # a byte order mark is what spreadsheets begin a file with
        ).rename(columns=FORMER_NAMES)
    except ValueError as error:  # as all errors of parsing and decoding are
        raise DamagedError(f"{path} is no table as it was written: {error}") from error
    wrong = [name for name in table if name not in hints]
    needed = [f.name for f in dataclasses.fields(kind) if f.default is f.default_factory]
    missing = [name for name in needed if name not in table]
    if wrong or missing:
        raise DamagedError(
            f"{path} is no table as it was written: missing columns {missing}, unknown {wrong}"
        )
    for name in numbers:
        if name in table and len(table) and not pd.api.types.is_numeric_dtype(table[name]):
            raise DamagedError(f"{path} is no table as it was written: {name} has to be numbers")
    renamed = {name: table[name].replace(dict(FORMER_NAMES)) for name in _NAMED if name in table}
    return table.assign(**renamed)


def read_json(path: Path, kind: type[T]) -> T | None:
    """Reads a file that this version, or one like it, wrote; ``None`` where there is none.

    Raises:
      DamagedError: It is not as it was written.
    """
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
        expected = value.pop(_HASH, None) if isinstance(value, dict) else None
        if expected is not None and expected != _hash(value):
            raise DamagedError(f"{path} is not as it was written: its hash is another")
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise DamagedError(
            f"{path} is not as this version of depthstudy writes it: {error}"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DamagedError(
            f"{path} is not as this version of depthstudy writes it: it is no JSON ({error})"
        ) from error


def read_earlier_json(path: Path, kind: type[T], then: str) -> T | None:
    """Reads a file that is about to be written again; ``None``, with a warning, if it is damaged.

    Args:
      path: The file.
      kind: Its type.
      then: What the warning says that happens.
    """
    try:
        return read_json(path, kind)
    except DamagedError as error:
        logging.warning("%s; %s", error, then)
        return None


def _hash(value: Any) -> str:
    """Returns the SHA-256 of plain values, however they are laid out."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Returns the SHA-256 of those of some files of a folder that are there, by name."""
    paths = [folder / name for name in names]
    return {path.name: sha256(path.read_bytes()) for path in paths if path.exists()}


def sha256(content: bytes) -> str:
    """Returns the SHA-256 of the content of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def require_whole(folder: Path, sums: Mapping[str, str]) -> None:
    """Raises DamagedError where a file of a folder is not there or has not the hash that it had."""
    hash_by_name = hashes(folder, sums)
    for name, one in sums.items():
        if hash_by_name.get(name) != one:
            state = "not as it was written" if name in hash_by_name else "missing"
            raise DamagedError(f"{folder / name} is {state}")


def _printable(text: str) -> str:
    """Returns a text as UTF-8 can hold it: what a C locale took for bytes becomes letters."""
    with contextlib.suppress(UnicodeEncodeError):
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode("utf-8")


@contextlib.contextmanager
def lock(workdir: Path) -> Iterator[None]:
    """Keeps every other process from running a study in ``workdir``.

    Raises:
      InputError: One already is, there is a file in the place of the folder, or it has no locks.
      OSError: The folder cannot be written.
    """
    try:
        workdir.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"the workdir {workdir} is no folder: {error.strerror}") from error
    with (workdir / _LOCK).open("w") as file:
        locks.take(file, workdir)
        yield
