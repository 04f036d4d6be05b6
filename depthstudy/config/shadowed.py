"""Fields that are set where something else decides, so that they would change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from depthstudy.config.reading.parsing import get
from depthstudy.config.schema import StudyConfig
from depthstudy.errors import InputError, first_names

_REPLACED = ("train.epochs", "train.least_steps")  # by train.steps
_NAMED = 3


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


def kept_by_variants(study: StudyConfig, fields: Iterable[str]) -> Iterator[str]:
    """Yields a line on each overridden field of which some variants have values of their own.

    >>> longer = ("longer", (("train.steps", 20),))
    >>> study = StudyConfig(variants=(("usual", ()), longer))
    >>> list(kept_by_variants(study, ["train.steps"]))
    ['config.train.steps=None is not that of longer, where config.variants sets 20']

    Args:
      study: The config, with these fields set.
      fields: Dotted names of the fields that somebody overrides.
    """
    for field in fields:
        kept = [
            (name, value)
            for name, settings in study.variants
            for set_field, value in settings
            if set_field == field and value != get(study, field)
        ]
        if not kept:
            continue
        names = first_names([name for name, _ in kept], _NAMED)
        values = " or ".join(dict.fromkeys(repr(value) for _, value in kept))
        yield (
            f"config.{field}={get(study, field)!r} is not that of {names}, where"
            f" config.variants sets {values}"
        )


def _set_by_each(study: StudyConfig) -> set[str]:
    """Returns the fields that each of ``variants`` sets; none where a sweep adds others."""
    if study.sweep or not study.variants:
        return set()
    first, *others = ({field for field, _ in settings} for _, settings in study.variants)
    return first.intersection(*others)
