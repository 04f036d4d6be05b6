"""The journal of the searches of a study: a line for all that happens, and what a kill leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from depthstudy.store import bucket, write_bytes

_CREATE_TRIAL, _SET_ATTRIBUTE = 4, 8  # codes of lines, of a trial and what it means


class Journal(JournalFileBackend):
    """The journal; of a folder in a bucket, it is put there whenever it has grown."""

    def __init__(self, path: Path) -> None:
        """Opens the file, made where there is none."""
        super().__init__(str(path), lock_obj=JournalFileOpenLock(str(path)))
        self._path = path

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Writes entries at its end."""
        super().append_logs(logs)
        bucket.placed(self._path, growing=True)


def mend(path: Path) -> None:
    """Takes off what a kill leaves: a lock, a last line that is not whole, and a half-made trial.

    Lines after such a line would spoil the journal. The folder of a study is locked by then, so
    that no other process has it.
    """
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    content = path.read_bytes() if path.exists() else b""
    whole = _without_half_made(content[: content.rfind(b"\n") + 1])
    if len(whole) < len(content):
        write_bytes(path, whole)


def _without_half_made(journal: bytes) -> bytes:
    """Returns a journal as it was before its last trial, if that one was not considered yet.

    A trial is written line by line: its number first, then its choices, and at last what they mean.
    The same one is drawn again, as each follows from its number and from those before it.
    """
    lines = journal.splitlines(keepends=True)
    codes = [json.loads(line)["op_code"] for line in lines]
    last = max((i for i, c in enumerate(codes) if c == _CREATE_TRIAL), default=None)
    if last is None or _SET_ATTRIBUTE in codes[last:]:
        return journal
    return b"".join(lines[:last])
