"""Every path and every file name of a study, and how its files are read and written.

```
WORKDIR/
  study.json  records.csv  summary.csv  decomposition.csv  verdicts.csv
  report.html  figures/
  runs/VARIANT/seedN/   one run: a variant with a seed
```
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from depthstudy import records

RECORDS = "records.csv"
SUMMARY = "summary.csv"
DECOMPOSITION = "decomposition.csv"
VERDICTS = "verdicts.csv"
REPORT = "report.html"
FIGURES = "figures"
_INFO = "study.json"


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_json(path: Path, value: Any) -> None:
    """Writes plain values as JSON that a person can read; NaN is not allowed."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV."""
    write_text(path, table.to_csv(index=False))


def write_info(workdir: Path, info: records.StudyInfo) -> None:
    """Writes ``study.json``."""
    write_json(workdir / _INFO, dataclasses.asdict(info))


def read_info(workdir: Path) -> records.StudyInfo:
    """Reads ``study.json``."""
    return msgspec.json.decode((workdir / _INFO).read_bytes(), type=records.StudyInfo)
