"""What a process has to do with buckets: its uploads, and rooms of its own."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
from pathlib import Path

from depthstudy.store.bucket import places
from depthstudy.store.bucket.uploads import SPOOL, Uploads

UPLOADS = Uploads()  # one thread, and one order
_NUMBERS = itertools.count(1)


def placed(path: Path, *, growing: bool = False) -> None:
    """Has a file or folder that is in its place be put into the bucket that it is of, if it is."""
    UPLOADS.put(path, growing=growing)


def removed(path: Path, *, is_folder: bool = False) -> None:
    """Has a file or folder that is removed be removed from the bucket that it is of, if it is."""
    UPLOADS.remove(path, is_folder=is_folder)


def finish() -> None:
    """Waits until all that this process has written is in its bucket.

    Raises:
      FailedError: Something could not be put there.
    """
    UPLOADS.wait()


def check(folder: Path) -> None:
    """Checks that what is written to a folder still gets into the bucket that it is of, if it is.

    Whoever waits for other processes that write there calls it, as those know of no lease.

    Raises:
      FailedError: It does not: the lease is another's, or something could not be put there.
    """
    if places.url_of(folder) is not None:
        UPLOADS.check()


def new_room(use: str) -> Path:
    """Returns an empty room of this process alone, which is removed when it ends."""
    room = room_of_process(use, next(_NUMBERS))
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    return room


def room_of_process(use: str, number: int = 0) -> Path:
    """Returns a room of this process alone, the same for the same use and number."""
    clean_up()
    return places.buckets() / f"{use}-{places.process_key(number)}"


@functools.cache
def clean_up() -> None:
    """Removes what processes of this machine left that have ended."""
    for path in (*places.buckets().glob("*"), *places.room(SPOOL).glob("*")):
        process = places.process_of(path.name)
        if process is None or is_running(process):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Returns whether a process of this machine is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        pass
    return True
