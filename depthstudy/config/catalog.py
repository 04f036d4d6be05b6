"""Every setting with its default and what it means, as the docstrings of the settings say it."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from depthstudy.config.questions import Hypothesis, Pool, Treatment
from depthstudy.config.schema import StudyConfig

# Groups of which there are several.
_VALUES = {"treatments": Treatment, "pools": Pool, "hypotheses": Hypothesis}


class Setting(NamedTuple):
    """A field of a study's config.

    Attributes:
      name: Its dotted name; ``"hypotheses[].metric"`` is a field of each hypothesis.
      default: Its default as text; ``"(needed)"`` where it has none.
      meaning: What it means.
    """

    name: str
    default: str
    meaning: str


def describe_settings() -> tuple[Setting, ...]:
    """Returns every setting, those of a group together.

    >>> next(setting for setting in describe_settings() if setting.name == "train.epochs")
    Setting(name='train.epochs', default='20', meaning='Length of the training in passes over the \
train set.')
    """
    return tuple(_of(StudyConfig, ""))


def _of(kind: type, prefix: str) -> Iterator[Setting]:
    meanings, hints = attributes(kind), typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        name = f"{prefix}{field.name}"
        if dataclasses.is_dataclass(hints[field.name]):
            yield from _of(hints[field.name], f"{name}.")
            continue
        yield Setting(name, _default(field), meanings[field.name])
        if field.name in _VALUES and not prefix:
            yield from _of(_VALUES[field.name], f"{name}[].")


def attributes(kind: type) -> Mapping[str, str]:
    """Returns what a class's docstring says of each attribute, in one line each.

    >>> attributes(StudyConfig)["name"]
    'Name of the study, written in every record.'
    """
    text = inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes:\n")[2]
    entries = re.findall(r"(?ms)^  (\w+): (.*?)(?=^  \w|^\S|\Z)", text)
    return {name: " ".join(meaning.split()).replace("``", "`") for name, meaning in entries}


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return repr(field.default_factory())
    return "(needed)" if field.default is dataclasses.MISSING else repr(field.default)
