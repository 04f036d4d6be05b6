"""Local folders in the place of those of a bucket: to work in, to read, to write, to copy."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from depthstudy.errors import InputError
from depthstudy.store import locks
from depthstudy.store.bucket import copies, lease, mirror, places
from depthstudy.store.bucket.connection import Bucket
from depthstudy.store.bucket.mirror import READERS, Asked
from depthstudy.store.bucket.places import Place
from depthstudy.store.bucket.process import UPLOADS, clean_up, finish, new_room

_WORK, _COPY = "work", "copy"  # begin names of rooms
_RUNS, _BESIDE_RUNS = "/runs/", ("data.csv", "study.json")
_LOCK = "lock"


@contextlib.contextmanager
def work_in(place: Place) -> Iterator[Path]:
    """Gives the folder to run a study in: of a bucket a local one, of which no other is master.

    What is written there is put into the bucket meanwhile, and is there at the end. A local place
    is given as it is.

    Raises:
      InputError: Another process runs a study there, or there is no such bucket.
      FailedError: The bucket cannot be reached, or something could not be put there.
    """
    if not places.is_url(place):
        yield _local(place)
        return
    url = _folder_url(place)
    room = places.room(_WORK, url)
    clean_up()
    with _locked(room, url):
        UPLOADS.forget()
        bucket = Bucket(url)
        with lease.held(bucket, UPLOADS.stop):
            folder = places.inside(room, url)
            cut_short = mirror.fetch(bucket, folder, Asked())
            UPLOADS.check()  # that may have taken long, and the lease may be lost
            bucket.remove(cut_short)
            try:
                yield folder
                finish()
            except BaseException:  # an interruption, too, once what was saved is there
                with contextlib.suppress(Exception):  # what went wrong first is said
                    finish()
                raise


def described(place: Place) -> str:
    """Returns in words what is in a bucket, where studies are run on this machine's copy of it.

    Raises:
      InputError: There is no such bucket.
      FailedError: It cannot be reached.
    """
    url = _folder_url(place)
    state = "something is there already" if Bucket(url).top() else "nothing is there yet"
    return f"{url}: {state}; worked on in {places.room(_WORK, url)}"


def read_from(place: Place, *, whole: bool = False) -> Path:
    """Returns a folder to read a study, run or analysis from: of a bucket a copy of now.

    It is this process's own, and is removed when it ends. What is written to it is put into the
    bucket. Checkpoints are fetched when they are read, and those that the run has by then.

    Args:
      place: A folder, or an address.
      whole: Whether checkpoints, and what no result depends on, are fetched at once.

    Raises:
      FailedError: The bucket cannot be reached.
    """
    if not places.is_url(place):
        return _local(place)
    url = _folder_url(place)
    room = new_room(READERS)
    folder = places.inside(room, url)
    study, is_run, _ = url.rpartition(_RUNS)
    mirror.fetch(Bucket(url), folder, Asked(whole, whole))
    if is_run:  # which images it learned from is said beside all runs
        bucket, above = Bucket(study), places.inside(room, study)
        bucket.download({n: above / n for n in bucket.top() if n in _BESIDE_RUNS})
    return folder


def write_to(place: Place) -> Path:
    """Returns a file or folder to write to: of a bucket a local one, which is put there.

    ``finish`` waits until they are.
    """
    if not places.is_url(place):
        return _local(place)
    url = places.normal(place)
    room = new_room(READERS)
    return places.inside(room, url)


def files_beside(path: Path) -> set[str]:
    """Returns the names of the files in a file's folder; of a bucket those there, and fetches it.

    ``write_to`` gives a folder without what the bucket has in it.

    Args:
      path: The file, which need not be there.

    Raises:
      FailedError: The bucket cannot be reached, or something could not be put there.
    """
    folder, url = path.parent, places.url_of(path.parent)
    if url is None:
        return {one.name for one in folder.iterdir() if one.is_file()} if folder.is_dir() else set()
    finish()
    bucket = Bucket(url)
    if (content := bucket.read(path.name)) is not None:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return set(bucket.top())


def copied(place: Place) -> Path:
    """Returns a file or folder to read from, as weights or images: of a bucket a local copy.

    What has not changed since the last time is not fetched again.

    Raises:
      InputError: There is no such file or folder in the bucket.
      FailedError: The bucket cannot be reached.
    """
    if not places.is_url(place):
        return _local(place)
    url = places.normal(place)
    room = places.room(_COPY, url)
    target = places.inside(room, url)
    with _locked(room, url, waits=True):
        if not copies.fetch(url, room, target):
            raise InputError(f"{url} is neither a file nor a folder with files")
    return target


def only_here(place: Place) -> Path:
    """Returns a folder that cannot be in a bucket.

    Raises:
      InputError: It is.
    """
    if places.is_url(place):
        raise InputError(f"{os.fspath(place)}: this has to be a folder of this machine")
    return _local(place)


def _local(place: Place) -> Path:
    """Returns a file or folder of this machine; a shell leaves ``~`` in ``--workdir=~/study``."""
    return Path(os.path.expanduser(place))


def _folder_url(place: Place) -> str:
    """Returns the address of a folder that is fetched whole, and is one study's alone.

    Raises:
      InputError: It is that of a bucket, with whatever else is in it.
    """
    url = places.normal(place)
    if "/" not in url.partition("://")[2]:
        raise InputError(f"{url} is a whole bucket; give a folder in it, as {url}/quickstart")
    return url


@contextlib.contextmanager
def _locked(room: Path, url: str, *, waits: bool = False) -> Iterator[None]:
    room.mkdir(parents=True, exist_ok=True)
    with (room / _LOCK).open("w") as file:
        locks.take(file, url, waits=waits)
        yield
