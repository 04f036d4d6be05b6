"""The measurements of a run once more for TensorBoard, as long as there is room for them."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from absl import logging

from depthstudy.store import bucket

_FLUSH_SECONDS = 60.0


class EventWriter:
    """Writes scalars to an events file; where it cannot, it says so once and writes no more.

    tensorboardX's own writer has a thread and a queue between processes for each file, which take
    longer than what they are for, and end in tracebacks where a disk is full.
    """

    def __init__(self, folder: Path, next_step: int) -> None:
        """Opens a file, and hides what an interrupted run wrote of ``next_step`` and later."""
        with _without("torch"):  # it would import it, for a second and a half, and not use it
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import Event, SessionLog

        self._event, self._writer, self._folder = Event, None, folder
        self._earlier = set(folder.glob("events.out.tfevents.*"))
        self._flushed = time.monotonic()
        with self._giving_up():
            self._writer = EventsWriter(str(folder / "events"))
        start = SessionLog(status=SessionLog.START)
        self._write(step=next_step, session_log=start)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        """Adds a number at a step."""
        from tensorboardX.proto.summary_pb2 import Summary

        self._write(step=step, summary=Summary(value=[{"tag": name, "simple_value": value}]))
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self._flushed = time.monotonic()
            with self._giving_up():
                if self._writer:
                    self._writer.flush()
            self._placed()

    def close(self) -> None:
        """Writes what is left, and ends."""
        with self._giving_up():
            if self._writer:
                self._writer.close()
        self._placed()

    def _placed(self) -> None:
        for path in self._folder.glob("events.out.tfevents.*"):
            if path not in self._earlier:
                bucket.placed(path, growing=True)

    def _write(self, **fields: Any) -> None:
        with self._giving_up():
            if self._writer:
                self._writer.write_event(self._event(wall_time=time.time(), **fields))

    @contextlib.contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            logging.warning("nothing more is written for TensorBoard: %s", error.strerror)
            self._writer = None


@contextlib.contextmanager
def _without(module: str) -> Iterator[None]:
    """Has a module that is not imported yet be missing meanwhile."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
