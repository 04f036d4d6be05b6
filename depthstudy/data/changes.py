"""What has changed in a folder of images since it was written down."""

from __future__ import annotations

from collections.abc import Iterable

from depthstudy.records import DataFile


def changes(before: Iterable[DataFile], now: Iterable[DataFile]) -> str:
    """Counts what differs between two accounts of a folder, file by file.

    >>> old = [DataFile(dataset="a", file=f"{n}.png", part="train", digest=n) for n in "abc"]
    >>> new = [DataFile(dataset="b", file=f"{n}.png", part="train", digest="b") for n in "bcde"]
    >>> changes(old, new)
    '2 added, 1 removed, 1 other bytes'
    """
    earlier, later = _used(before), _used(now)
    shared = earlier.keys() & later.keys()
    counts = {
        "added": len(later.keys() - earlier.keys()),
        "removed": len(earlier.keys() - later.keys()),
        "other bytes": sum(earlier[name].digest != later[name].digest for name in shared),
        "other class": sum(earlier[name].class_name != later[name].class_name for name in shared),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _used(rows: Iterable[DataFile]) -> dict[str, DataFile]:
    return {row.file: row for row in rows if not row.left_out}
