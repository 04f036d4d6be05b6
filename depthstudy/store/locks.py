"""Locks by which one process works in a folder; they end with it."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from depthstudy.errors import InputError


def take(file: IO[str], place: str | Path, *, waits: bool = False) -> None:
    """Locks an open file until it is closed.

    Args:
      file: The file.
      place: What it stands for, as a user calls it.
      waits: Whether to wait for another process that has it.

    Raises:
      InputError: Another process has it, or its file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        raise InputError(f"another process is running a study in {place}") from None
    except OSError as error:
        raise InputError(
            f"{file.name} cannot be locked ({error.strerror}): mount its file system with locks"
            " (Lustre: flock), or take another --workdir, and of a bucket another XDG_CACHE_HOME"
        ) from error
