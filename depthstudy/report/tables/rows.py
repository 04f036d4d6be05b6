"""Rows of tables as values of their kinds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from depthstudy import store


def read_rows(path: Path, kind: type) -> Iterator[Any]:
    """Yields the rows of a table, if it is there; an empty number that may be ``None`` is."""
    if not path.exists():
        return
    table = store.read_table(path, kind)
    types = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    for values in table[[name for name in types if name in table.columns]].to_dict("records"):
        row = {str(name): value for name, value in values.items()}
        for name, value in row.items():
            if types[name].endswith("| None"):
                row[name] = None if value is None or math.isnan(value) else value
                if types[name].startswith("int") and row[name] is not None:
                    row[name] = int(row[name])
        yield kind(**row)
