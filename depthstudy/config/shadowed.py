"""Fields that are set where something else decides, so that they would change nothing."""

from __future__ import annotations

from collections.abc import Iterable

from depthstudy.config.schema import StudyConfig
from depthstudy.errors import InputError

_REPLACED = ("train.epochs", "train.least_steps")  # by train.steps


def refuse_replaced(study: StudyConfig, fields: Iterable[str]) -> None:
    """Refuses to set the length of a training in passes where it is given in steps.

    Args:
      study: The config, with these fields set.
      fields: Dotted names of the fields that somebody sets.

    Raises:
      InputError: One of them is not read.
    """
    for field in fields:
        if field in _REPLACED and study.train.steps is not None:
            raise InputError(
                f"config.{field} is not read, as config.train.steps={study.train.steps} is set; "
                "change that one, or empty it with train.steps=None"
            )


def refuse_shadowed(study: StudyConfig, fields: Iterable[str]) -> None:
    """Refuses to override a field that no variant takes from the config.

    >>> refuse_shadowed(StudyConfig(sweep=(("model.depth", (8, 14)),)), ["train.momentum"])

    Args:
      study: The config, with these fields set.
      fields: Dotted names of the fields that somebody overrides.

    Raises:
      InputError: The sweep sets one of them, or each of ``variants`` does, or it is not read.
    """
    fields, swept = list(fields), dict(study.sweep)
    everywhere = _set_by_each(study)
    for field in fields:
        if field in swept:
            raise InputError(
                f"config.{field} is swept over {swept[field]}; override config.sweep instead, "
                "or empty it, as by --config.sweep='()' on the command line"
            )
        if field in everywhere:
            raise InputError(
                f"config.{field} is set by each of config.variants; override config.variants "
                "instead, or empty it, as by --config.variants='()' on the command line"
            )
    refuse_replaced(study, fields)


def _set_by_each(study: StudyConfig) -> set[str]:
    """Returns the fields that each of ``variants`` sets; none where a sweep adds others."""
    if study.sweep or not study.variants:
        return set()
    first, *others = ({field for field, _ in settings} for _, settings in study.variants)
    return first.intersection(*others)
