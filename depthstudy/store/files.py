"""Files that are written whole or not at all, and the folders that they are written to."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pandas as pd

from depthstudy.config import FORMER_NAMES
from depthstudy.errors import InputError

_LOCK = ".lock"
_NAMED = ("probe", "metric", "part", "mechanism")  # columns of names that have changed

T = TypeVar("T")


def cache_dir() -> Path:
    """Returns the folder for what can be made again, as prepared sets and compiled programs."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "depthstudy"


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all, in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Writes plain values as JSON that a person can read; NaN is not allowed."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV."""
    write_text(path, table.to_csv(index=False))


_NUMBERS = (int, float, int | None, float | None)


def read_table(path: Path, kind: type) -> pd.DataFrame:
    """Reads a table of a kind in ``records``; text stays text, even ``18`` or ``None``.

    Names that an earlier version wrote become those of today.
    """
    hints = typing.get_type_hints(kind)
    numbers = [name for name, hint in hints.items() if hint in _NUMBERS]
    table = pd.read_csv(
        path,
        dtype={
            name: bool if hint is bool else str
            for name, hint in hints.items()
            if name not in numbers
        },
        keep_default_na=False,
        na_values={name: ["", "nan", "NaN"] for name in numbers},
    ).rename(columns=FORMER_NAMES)
    renamed = {name: table[name].replace(dict(FORMER_NAMES)) for name in _NAMED if name in table}
    return table.assign(**renamed)


def read_json(path: Path, kind: type[T]) -> T | None:
    """Reads a file that this version, or one like it, wrote; ``None`` where there is none."""
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is not as this version of depthstudy writes it: {error}"
        ) from error


@contextlib.contextmanager
def lock(workdir: Path) -> Iterator[None]:
    """Keeps every other process from running a study in ``workdir``.

    Raises:
      InputError: One already is, or the folder cannot be written.
    """
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        file = (workdir / _LOCK).open("w")
    except OSError as error:
        raise InputError(f"cannot write to the workdir {workdir}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another process is running a study in {workdir}") from None
        yield
