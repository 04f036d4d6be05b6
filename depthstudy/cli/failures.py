"""What fails for want of something outside, as room on a disk, in one line with what to do."""

from __future__ import annotations

import errno
import os
import sys

from absl import flags

from depthstudy.errors import FailedError

_GOES_ON = "the same command goes on"
_HINTS = {
    errno.ENOSPC: f"make room, and {_GOES_ON}",
    errno.EDQUOT: f"make room, and {_GOES_ON}",
    errno.EFBIG: f"files may not be that large here (ulimit -f); let them, and {_GOES_ON}",
    errno.EROFS: f"make it writable, and {_GOES_ON}",
    errno.EACCES: f"make it writable, and {_GOES_ON}",
    errno.EPERM: f"make it writable, and {_GOES_ON}",
    errno.ENAMETOOLONG: "take a shorter --workdir or config.name",
    errno.EMFILE: f"allow more open files (ulimit -n), and {_GOES_ON}",
    errno.ENFILE: f"allow more open files (ulimit -n), and {_GOES_ON}",
    errno.ENOMEM: f"free memory, and {_GOES_ON}",
    errno.EIO: f"see to the disk, and {_GOES_ON}",
}
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
_PLACES = ("out", "workdir")  # flags that say where to write; of claims the former does
_OTHER = f"see to it, and {_GOES_ON}"
_MEMORY = (
    "a study needs less, and goes on, with --config.train.rematerialize=True and, on a CPU, "
    "--config.processes=1; with a smaller config.train.batch_size or eval_batch_size it is another "
    f"study, for another --workdir; what is finished is kept, and {_GOES_ON}"
)
_EXHAUSTED = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory")


def line(error: BaseException) -> str | None:
    """Returns what failed and what to do, or ``None`` where it is a mistake of ours."""
    if isinstance(error, FailedError):
        return str(error)
    if isinstance(error, BrokenPipeError):
        close_output()
        return f"whoever read the output has gone; {_GOES_ON}"
    if isinstance(error, OSError) and error.strerror:
        named = isinstance(error.filename, str | bytes)
        place = f"{os.fsdecode(error.filename)}: " if named else ""
        return f"{place}{error.strerror}; {_hint(error)}"
    if isinstance(error, MemoryError) or _is_exhausted(str(error)):
        lines = [text.strip() for text in str(error).splitlines() if _is_exhausted(text)]
        text = next(iter(lines), "")
        return f"out of memory{f' ({text})' if text else ''}; {_MEMORY}"
    return None


def _hint(error: OSError) -> str:
    """Returns what to do; a file that is there, and cannot be read, need not become writable."""
    file = error.filename
    denied = isinstance(error, PermissionError) and isinstance(file, str | bytes)
    if denied and os.path.isfile(file) and not os.access(file, os.R_OK):
        return f"make it readable, and {_GOES_ON}"
    flag = next((name for name in _PLACES if name in flags.FLAGS), "")
    place = f"; or take another --{flag}" if flag and error.errno in _UNWRITABLE else ""
    return _HINTS.get(error.errno or 0, _OTHER) + place


def _is_exhausted(text: str) -> bool:
    return any(word in text for word in _EXHAUSTED)


def close_output() -> None:
    """Has what is still to be written go nowhere, where it would fail once more at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
