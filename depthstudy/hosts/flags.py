"""What the flags of several hosts have to be, seen before any of them waits for another."""

from __future__ import annotations

import re

from depthstudy.errors import InputError

_FLAGS = ("coordinator", "process_id", "process_count")


def check_flags(
    coordinator: str | None, process_id: int | None, process_count: int | None, distributed: bool
) -> None:
    """Raises InputError where the flags of several hosts do not fit together."""
    given = dict(zip(_FLAGS, (coordinator, process_id, process_count), strict=True))
    missing = [f"--{name}" for name, value in given.items() if value is None]
    if distributed and len(missing) < len(given):
        raise InputError(
            "--distributed finds the hosts in the environment; give it alone, or "
            "--coordinator, --process_id and --process_count"
        )
    if not missing:
        assert coordinator is not None
        assert process_id is not None
        assert process_count is not None
        _check_values(coordinator, process_id, process_count)
    elif len(missing) < len(given):
        raise InputError(
            f"{' and '.join(missing)} missing: several hosts need --coordinator=HOST:PORT, "
            "--process_id and --process_count"
        )


def _check_values(coordinator: str, process_id: int, process_count: int) -> None:
    if not re.fullmatch(r"\S+:\d{1,5}", coordinator):
        raise InputError(
            f"--coordinator={coordinator} has to be HOST:PORT, the address of the first host with "
            "a free port, as 10.0.0.1:1234"
        )
    if process_count < 1:
        raise InputError(f"--process_count={process_count} has to be at least 1")
    if not 0 <= process_id < process_count:
        raise InputError(
            f"--process_id={process_id} has to be from 0 to {process_count - 1}, as there are "
            f"--process_count={process_count}"
        )
