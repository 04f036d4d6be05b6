"""Cases of which a few stand for all in the quick tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def sampled(cases: Sequence[Any], every: int, ids: Sequence[str] | None = None) -> list[Any]:
    """Returns cases of which all but the first of each ``every`` are slow tests.

    Args:
      cases: Tuples of arguments, or single ones.
      every: How many cases one stands for.
      ids: A name for each case.
    """
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=pytest.mark.slow if place % every else (),
            id=None if ids is None else ids[place],
        )
        for place, case in enumerate(cases)
    ]
