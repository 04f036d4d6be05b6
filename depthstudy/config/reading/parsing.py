"""From a ``ConfigDict`` to the frozen settings of a study, checked once, and back."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import ml_collections
import msgspec
from ml_collections import config_dict

from depthstudy.config.reading.former_names import present_names
from depthstudy.config.schema import StudyConfig
from depthstudy.config.types import Settings, Value
from depthstudy.errors import InputError

_PART = re.compile(r"\.(\w+)|\[(\d+)\]")  # of a path: a field, or a place in a row
_MISSING = object()
_NEAR = 0.45  # likeness of a word to one of a few that are allowed


def defaults() -> ml_collections.ConfigDict:
    """Returns every setting at its default, for a config file to change.

    >>> config = defaults()
    >>> config.model.depth = 56
    >>> config.train.learning_rate
    0.1
    """
    return _config_dict(StudyConfig())


def parse(config: ml_collections.ConfigDict | Mapping[str, Any]) -> StudyConfig:
    """Checks a config and returns it as frozen values.

    >>> parse({"model": {"family": "plain"}, "seeds": 3}).model.family
    'plain'

    Raises:
      InputError: A key is unknown, a type is wrong or a value is out of bounds.
    """
    raw = config.to_dict() if isinstance(config, ml_collections.ConfigDict) else dict(config)
    return _convert(raw, StudyConfig)


def apply(config: StudyConfig, settings: Settings) -> StudyConfig:
    """Returns ``config`` with each dotted field of ``settings`` set to its value.

    >>> apply(StudyConfig(), (("model.depth", 56), ("train.steps", 100))).train.steps
    100

    Raises:
      InputError: A field is unknown or a value does not fit it.
    """
    raw = dataclasses.asdict(config)
    for name, value in settings:
        *groups, leaf = _path(name)
        functools.reduce(dict.__getitem__, groups, raw)[leaf] = value
    return _convert(raw, StudyConfig)


def require_field(name: str) -> None:
    """Raises InputError, with what is allowed, where no field has this dotted name."""
    _path(name)


def field_names() -> list[str]:
    """Returns the dotted names of all fields."""
    return [*_field_names(StudyConfig, "")]


def _field_names(kind: type, prefix: str) -> Iterator[str]:
    for name, hint in _hints(kind).items():
        if dataclasses.is_dataclass(hint):
            yield from _field_names(typing.cast(type, hint), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def takes_none(name: str) -> bool:
    """Returns whether the field with this dotted name may be ``None``."""
    kind: Any = StudyConfig
    for part in name.split("."):
        if not dataclasses.is_dataclass(kind):
            return True  # an option of a user's own module
        kind = typing.get_type_hints(kind)[part]
    return types.NoneType in typing.get_args(kind)


def get(config: StudyConfig, name: str) -> Value:
    """Returns the value of a dotted field, for example ``"model.depth"``.

    An option of a module that is not given, as ``"model.options.depth"``, is ``None``.
    """
    *groups, leaf = _path(name)
    owner: Any = functools.reduce(getattr, groups, config)
    return owner.get(leaf) if isinstance(owner, Mapping) else getattr(owner, leaf)


@functools.cache
def _path(name: str) -> tuple[str, ...]:
    """Returns the groups that a dotted field is in, and its last name."""
    *parents, leaf = name.split(".")
    kind: Any = StudyConfig
    for depth, part in enumerate(parents):
        _require_known(part, kind, ".".join(parents[:depth]))
        kind = _hints(kind)[part]
        if _is_free(kind) and depth == len(parents) - 1:
            return *parents, leaf
        if not dataclasses.is_dataclass(kind):
            group = ".".join(parents[: depth + 1 + _is_free(kind)])
            raise InputError(f"config.{name}: {group} has no fields")
    _require_known(leaf, kind, ".".join(parents))
    hint = _hints(kind)[leaf]
    if dataclasses.is_dataclass(hint) or _is_free(hint):
        raise InputError(f"config.{name} is a group of fields; name one of them")
    return *parents, leaf


@functools.cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Returns the types of the fields of a group; a plan asks for them thousands of times."""
    return typing.get_type_hints(kind)


def _is_free(kind: Any) -> bool:
    """Returns whether a group of this type takes fields of any name."""
    return typing.get_origin(kind) is Mapping


def _require_known(key: str, kind: type, path: str) -> None:
    allowed = [field.name for field in dataclasses.fields(kind)]
    if key in allowed:
        return
    near = difflib.get_close_matches(key, allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    where = f"config.{path}" if path else "config"
    raise InputError(f"{where} has no field {key!r}{hint} allowed: {', '.join(allowed)}")


def _convert(raw: Mapping[str, Any], kind: type[StudyConfig]) -> StudyConfig:
    _require_known_keys(raw, kind, "")
    raw = present_names(raw)
    _require_finite(raw, "config")
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`")
        is_group = path.startswith((".variants", ".sweep")) and message.endswith("`object`")
        hint = "; name each field, as model.options.depth" if is_group else _choices(raw, path)
        raise InputError(
            f"config{path}: {message[0].lower()}{message[1:]}{_present(raw, path)}{hint}"
        ) from error


def _require_known_keys(raw: Mapping[str, Any], kind: type, path: str) -> None:
    hints = _hints(kind)
    for key, value in raw.items():
        _require_known(key, kind, path)
        if dataclasses.is_dataclass(hints[key]) and isinstance(value, Mapping):
            _require_known_keys(value, hints[key], f"{path}.{key}".lstrip("."))
        row_kind, *_ = typing.get_args(hints[key]) or (None,)
        if dataclasses.is_dataclass(row_kind) and isinstance(value, list | tuple):
            for number, row in enumerate(value):
                if isinstance(row, Mapping):
                    _require_known_keys(row, typing.cast(type, row_kind), f"{key}[{number}]")


def _require_finite(value: Any, path: str) -> None:
    """Refuses numbers that no training can use, wherever they stand."""
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{path} has to be a finite number (it is {value})")
    if isinstance(value, Mapping):
        for name, part in value.items():
            _require_finite(part, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            _require_finite(part, f"{path}[{number}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            _require_finite(getattr(value, field.name), f"{path}.{field.name}")


def _choices(raw: Any, path: str) -> str:
    """Returns ``"; did you mean A? allowed: A, B"`` for a field with a few allowed words.

    Args:
      raw: A config that was not accepted.
      path: Where the field is in it, as ``".train.optimizer"`` or ``".hypotheses[0].relation"``.
    """
    kind: Any = StudyConfig
    for name, number in _PART.findall(path):
        if number:
            kind, *_ = typing.get_args(kind) or (None,)
        else:
            kind = typing.get_type_hints(kind).get(name) if dataclasses.is_dataclass(kind) else None
    words = typing.get_args(kind) if typing.get_origin(kind) is Literal else ()
    if not words:
        return ""
    near = difflib.get_close_matches(str(_value(raw, path)), words, n=1, cutoff=_NEAR)
    meant = f"; did you mean {near[0]!r}?" if near else ";"
    return f"{meant} allowed: {', '.join(words)}"


def _present(raw: Any, path: str) -> str:
    """Returns ``" (it is VALUE)"`` for a plain dotted path, or nothing."""
    value = _MISSING if "[" in path else _value(raw, path)
    return "" if value is _MISSING else f" (it is {value!r})"


def _value(raw: Any, path: str) -> Any:
    """Returns what is at a path in a config, or ``_MISSING``."""
    for name, number in _PART.findall(path):
        if number and isinstance(raw, list | tuple):
            raw = raw[int(number)]
        elif isinstance(raw, Mapping) and name in raw:
            raw = raw[name]
        else:
            return _MISSING
    return raw


def _config_dict(value: Any) -> ml_collections.ConfigDict:
    config = ml_collections.ConfigDict()
    hints = typing.get_type_hints(type(value))
    for field in dataclasses.fields(value):
        current = getattr(value, field.name)
        if dataclasses.is_dataclass(current):
            config[field.name] = _config_dict(current)
        elif isinstance(current, Mapping):
            config[field.name] = ml_collections.ConfigDict(dict(current))
        elif current is None:
            config[field.name] = config_dict.placeholder(_optional_type(hints[field.name]))
        else:
            config[field.name] = current
    return config


def _optional_type(hint: Any) -> type:
    """Returns ``T`` of ``T | None``, and ``object`` where there are several, as int and float."""
    kinds = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
    return (typing.get_origin(kinds[0]) or kinds[0]) if len(kinds) == 1 else object
