"""A study in a bucket that several processes or machines do tasks for; one is its master."""

from __future__ import annotations

from pathlib import Path

from depthstudy.errors import FailedError, InputError
from depthstudy.store.bucket import mirror, places
from depthstudy.store.bucket.connection import Bucket
from depthstudy.store.bucket.mirror import Asked
from depthstudy.store.bucket.process import finish, room_of_process

_TASKS = "tasks"  # begins names of rooms


def portable(folder: Path) -> str:
    """Returns what another machine finds a folder by: its address, of one in a bucket."""
    return places.url_of(folder) or str(folder.absolute())


def task_folder(place: str) -> Path:
    """Returns the folder to do tasks in for a study that another process, or machine, runs.

    Args:
      place: What ``portable`` has given.
    """
    if not places.is_url(place):
        return Path(place)
    return places.inside(room_of_process(_TASKS), places.normal(place))


def take_part(place: str) -> Path:
    """Returns the same, of a bucket as that is now; ``finish`` before a task is said to be done."""
    folder = task_folder(place)
    if places.is_url(place):
        finish()
        mirror.fetch(Bucket(places.normal(place)), folder, Asked())
    return folder


def content(place: str, name: str) -> str | None:
    """Returns the text of a file of a folder, here or in a bucket; ``None`` if it is not seen."""
    try:
        if places.is_url(place):
            encoded = Bucket(places.normal(place)).read(name)
            return None if encoded is None else encoded.decode()
        return Path(place, name).read_text()
    except (OSError, UnicodeDecodeError, InputError, FailedError):
        return None


def catch_up(folder: Path) -> None:
    """Has a folder, whose master this process is, be as its bucket, where others have written.

    Args:
      folder: One of no bucket is as it is.
    """
    if (url := places.url_of(folder)) is not None:
        finish()
        mirror.fetch(Bucket(url), folder, Asked())
