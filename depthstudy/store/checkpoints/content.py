"""What the two files of a checkpoint hold: arrays by name, and text in their headers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from depthstudy.records import Record
from depthstudy.store.arrays import Arrays

VARIABLES = "variables.safetensors"
TRAINING = "training.safetensors"
STATE = "state"
COLLECTIONS = ("params", "batch_stats")
# What begins the names of arrays that are no part of the state.
_ERRORS, _ANSWERS, LOG = "errors/", "answers/", "log/"
_RECORDS = "records"
_FIELDS = ("step", "probe", "layer", "metric", "value")  # of a record; the header has the others
_TEXTS = ("study", "variant", "arch", "dataset", "platform")  # fields of RunInfo that are text


class Measured(NamedTuple):
    """What was measured up to a checkpoint.

    Attributes:
      records: All records of the run so far.
      errors: The error of each example by split, of a run that is done.
      log: Metrics of the steps that no record tells of yet, by name.
      answers: What the net says of each test example, by name, of a run that is done.
    """

    records: Sequence[Record] = ()
    errors: Mapping[str, NDArray[np.float64]] = {}
    log: Mapping[str, np.ndarray] = {}
    answers: Mapping[str, np.ndarray] = {}


def is_variable(name: str) -> bool:
    """Returns whether an array belongs to what a net is applied with."""
    return name.split("/")[0] in COLLECTIONS


def with_measured(
    named: Arrays, text: dict[str, str], measured: Measured | None
) -> tuple[Arrays, dict[str, str]]:
    """Returns arrays and text of a file with what was measured beside them."""
    if measured is None:
        return named, text
    more = {f"{_ERRORS}{name}": np.asarray(x, np.float32) for name, x in measured.errors.items()}
    more |= {f"{LOG}{name}": np.array(x) for name, x in measured.log.items()}
    more |= {f"{_ANSWERS}{name}": np.array(x) for name, x in measured.answers.items()}
    rows = [[getattr(row, field) for field in _FIELDS] for row in measured.records]
    return named | more, text | {_RECORDS: json.dumps(rows, allow_nan=False)}


def without_measured(named: Arrays) -> Arrays:
    """Returns the arrays of a state, out of those of the files that it is in."""
    return {n: x for n, x in named.items() if not n.startswith((_ERRORS, _ANSWERS, LOG))}


def measured_in(named: Arrays, text: Mapping[str, str]) -> Measured | None:
    """Returns what ``with_measured`` added; ``None`` where that was nothing."""
    if _RECORDS not in text:
        return None
    whose: dict[str, Any] = {
        "study": text["study"],
        "variant": text["variant"],
        "seed": int(text["seed"]),
    }
    rows = [dict(zip(_FIELDS, row, strict=True)) for row in json.loads(text[_RECORDS])]
    return Measured(
        [Record(**whose, **row) for row in rows],
        {name: values.astype(np.float64) for name, values in _under(_ERRORS, named).items()},
        _under(LOG, named),
        _under(_ANSWERS, named),
    )


def _under(prefix: str, named: Arrays) -> Arrays:
    return {n.removeprefix(prefix): x for n, x in named.items() if n.startswith(prefix)}


def as_text(fields: Mapping[str, Any]) -> dict[str, str]:
    """Returns fields as a header has them: text as it is, and the rest as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        for name, value in fields.items()
    }


def from_text(text: Mapping[str, str]) -> dict[str, Any]:
    """Returns the fields that ``as_text`` made text of, as JSON has them."""
    with contextlib.suppress(ValueError):
        return {
            name: value if name in _TEXTS else json.loads(value)
            for name, value in text.items()
            if name not in ("step", _RECORDS)
        }
    return {}
