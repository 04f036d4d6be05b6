"""Rows as a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pandas as pd


def frame(kind: type, rows: Iterable[Any]) -> pd.DataFrame:
    """Returns ``rows``, all of one kind, as a table whose columns are the kind's fields."""
    columns = [field.name for field in dataclasses.fields(kind)]
    return pd.DataFrame([dataclasses.asdict(row) for row in rows], columns=columns)
