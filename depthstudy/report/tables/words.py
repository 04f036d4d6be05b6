"""A study whose nets, groups and treatments are named as a reader has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

from depthstudy import records

_AS_THEY_ARE = ("command", "config", "versions", "hardware", "folder", "data", "sheets", "search")

T = TypeVar("T")


def with_words(study: T, own_label: str) -> T:
    """Returns a study with the names of what follows from results in words, wherever they stand.

    Args:
      study: The tables.
      own_label: What a net is said to have that was tuned, as ``records.own_words`` has it.
    """

    def word(text: str) -> str:
        return records.in_words(text, own_label)

    worded: T = _worded(study, word)
    return worded


def _worded(value: Any, word: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return word(value)
    if isinstance(value, tuple):
        return tuple(_worded(item, word) for item in value)
    if isinstance(value, dict):
        return {_worded(key, word): _worded(item, word) for key, item in value.items()}
    if isinstance(value, pd.DataFrame):
        return value.assign(variant=value["variant"].map(word)) if "variant" in value else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: _worded(getattr(value, field.name), word)
            for field in dataclasses.fields(value)
            if field.init and field.name not in _AS_THEY_ARE
        }
        return dataclasses.replace(value, **fields)
    return value
