"""What this process has written and a bucket does not have yet, put there by one thread, in order.

A file is pinned by a hard link when it is in its place, as everything here is written beside its
place and renamed. So each object gets the bytes that were written, in the order in which they
were, whatever becomes of the file meanwhile, and the process that trains waits for nothing.

Objects are visible whole or not at all. As the order is kept, a bucket is at any moment as the
folder was a little earlier.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from depthstudy.errors import FailedError, InputError
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket

_PATIENCE = 120.0  # seconds for which an upload is tried again
SPOOL = "spool"  # the room of pinned files
# Of a folder come last: what makes two files a checkpoint, and what says that a run is done.
_LAST = {"training.safetensors": 1, "result.json": 2}


class _Task(NamedTuple):
    """Something to do in a bucket: to put a pinned file there, or to remove what is there."""

    url: str
    pinned: Path | None = None
    is_folder: bool = False

    def is_below(self, url: str) -> bool:
        """Returns whether it puts a file into a folder."""
        return self.pinned is not None and self.url.startswith(f"{url}/")


class Uploads:
    """The uploads of a process."""

    def __init__(self, connect: Callable[[str, float, threading.Event], Bucket] = Bucket) -> None:
        """Starts nothing before there is something to do."""
        self._connect = connect
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._tasks: collections.deque[_Task] = collections.deque()
        self._is_busy = False
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None
        self._numbers = itertools.count()

    def put(self, path: Path, *, growing: bool = False) -> None:
        """Has a file, or all files of a folder, be put into the bucket that it is the copy of.

        Args:
          path: A file that is in its place; of no bucket, nothing happens.
          growing: Whether it is written to where it is, so that it has to be copied.

        Raises:
          FailedError: An earlier upload has failed.
        """
        if places.url_of(path) is None:
            return
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in sorted(files, key=lambda file: _LAST.get(file.name, 0)):
            url = places.url_of(file)
            assert url is not None, file
            self._add(_Task(url, self._pin(file, growing)))

    def remove(self, path: Path, *, is_folder: bool = False) -> None:
        """Has a file or a folder be removed from the bucket that it is the copy of.

        Files of the folder whose turn has not come are not put there any more. Then folders that
        are to be removed stay until all is put that is waiting: they may be what a run would go on
        from.

        Raises:
          FailedError: An earlier upload has failed.
        """
        url = places.url_of(path)
        if url is None:
            return
        with self._changed:
            dropped = [task for task in self._tasks if is_folder and task.is_below(url)]
            if dropped:
                kept = [task for task in self._tasks if task not in dropped]
                late = [task for task in kept if task.is_folder and not _is_filled(task, kept)]
                self._tasks = collections.deque([t for t in kept if t not in late] + late)
        for task in dropped:
            _unpin(task)
        self._add(_Task(url, is_folder=is_folder))

    def wait(self) -> None:
        """Waits until all is in the bucket.

        Raises:
          FailedError: Something could not be put there.
        """
        with self._changed:
            while self._error is None and (self._tasks or self._is_busy):
                self._changed.wait()
            self.check()

    def stop(self, error: Exception) -> None:
        """Has nothing more be put anywhere, or be tried again; ``error`` is what is said of it."""
        with self._changed:
            self._error = self._error or error
            self._stopped.set()
            while self._tasks:
                _unpin(self._tasks.popleft())
            self._changed.notify_all()

    def forget(self) -> None:
        """Forgets that something has failed: what is put from now on is of another folder."""
        with self._changed:
            self._error = None
            self._stopped.set()  # an upload of the former folder is not tried again
            self._stopped = threading.Event()

    def check(self) -> None:
        """Raises what ended the uploads, where something has."""
        if self._error is not None:
            raise type(self._error)(str(self._error)) from self._error

    def _add(self, task: _Task) -> None:
        with self._changed:
            if self._error is not None:
                _unpin(task)
                self.check()
            if task.pinned and self._tasks and self._tasks[-1].url == task.url:
                _unpin(self._tasks.pop())  # a journal grows faster than it is put there
            self._tasks.append(task)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _pin(self, file: Path, growing: bool) -> Path:
        spool = places.room(SPOOL)
        spool.mkdir(parents=True, exist_ok=True)
        pinned = spool / places.process_key(next(self._numbers))
        pinned.unlink(missing_ok=True)
        if not growing:
            with contextlib.suppress(OSError):  # not all file systems have hard links
                os.link(file, pinned)
                return pinned
        shutil.copyfile(file, pinned)
        return pinned

    def _work(self) -> None:
        while True:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
                while not self._tasks:
                    self._changed.wait()
                task, self._is_busy = self._tasks.popleft(), True
                stopped = self._stopped
            try:
                self._do(task, stopped)
            except Exception as error:
                if not stopped.is_set():
                    self.stop(error)
            finally:
                _unpin(task)

    def _do(self, task: _Task, stopped: threading.Event) -> None:
        folder, _, name = task.url.rpartition("/")
        try:
            bucket = self._connect(task.url if task.is_folder else folder, _PATIENCE, stopped)
            if task.is_folder:
                bucket.remove(list(bucket.entries()))
            elif task.pinned is None:
                bucket.remove([name])
            else:
                bucket.upload(task.pinned, name)
        except InputError as error:  # it was there when the study began
            raise FailedError(str(error)) from error


def _is_filled(removal: _Task, tasks: list[_Task]) -> bool:
    """Returns whether something is put into a folder after it is removed."""
    return any(task.is_below(removal.url) for task in tasks[tasks.index(removal) :])


def _unpin(task: _Task) -> None:
    if task.pinned is not None:
        with contextlib.suppress(OSError):
            task.pinned.unlink(missing_ok=True)
