"""The report of a study that is still running, from the runs that are done."""

from __future__ import annotations

import time
from collections.abc import Callable

from absl import logging

from depthstudy.errors import shows_traceback
from depthstudy.execute import Event, RunFinished

_PAUSE = 60.0  # seconds between two reports, at least
_SHARE = 0.05  # of the time that goes into them, at most


class PartialReports:
    """Writes a report now and then, as runs finish."""

    def __init__(self, write: Callable[[], None]) -> None:
        """Calls ``write`` at most once a minute, first after a minute."""
        self._write = write
        self._due = time.monotonic() + _PAUSE

    def hear(self, event: Event) -> None:
        """Writes a report where a run has finished and one is due."""
        if isinstance(event, RunFinished) and time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Writes a report; a failure is told, and the study goes on."""
        start = time.monotonic()
        try:
            self._write()
        except Exception as error:
            message = " ".join(f"{type(error).__name__}: {error}".split())
            logging.warning(
                "the report of the runs so far could not be written (%s); the study goes on",
                message,
                exc_info=shows_traceback(),
            )
        end = time.monotonic()
        self._due = end + max(_PAUSE, (end - start) / _SHARE)
