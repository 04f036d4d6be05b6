"""Times as a person writes them: ``"90s"``, ``"30m"``, ``"1h30m"``."""

from __future__ import annotations

import re

from depthstudy.errors import InputError

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_duration(text: str, name: str) -> int:
    """Returns seconds.

    >>> parse_duration("1h30m", "time_budget"), parse_duration("90s", "time_budget")
    (5400, 90)

    Args:
      text: The time.
      name: The setting that it is of, for the error.

    Raises:
      InputError: It is none, or no time at all.
    """
    match = _FORM.fullmatch(text.strip())
    counts = [int(count or 0) for count in match.groups()] if match else []
    seconds = sum(count * size for count, size in zip(counts, _UNITS.values(), strict=False))
    if not seconds:
        raise InputError(f"config.{name}={text!r} is no time; allowed: as 90s, 30m, 2h or 1h30m")
    return seconds
