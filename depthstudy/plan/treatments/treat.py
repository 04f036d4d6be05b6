"""Checks treatments, and gives each variant once more for each of them.

Attribution is by intervention: a mechanism is to blame for what depth lost to the extent that the
treatment aimed at it wins it back.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from depthstudy import config
from depthstudy.config import Settings, StudyConfig, Treatment
from depthstudy.errors import InputError, NothingToChangeError
from depthstudy.plan.sweep import check_fields_once
from depthstudy.plan.treatments import relative
from depthstudy.plan.variants.variant import (
    DEPTH,
    Datasets,
    Variant,
    build,
    require_sweepable,
    same,
)
from depthstudy.records import OWN_SETTINGS, factor_of


def check(treatments: Sequence[Treatment]) -> None:
    """Checks treatments, as far as it can be done without the variants.

    Raises:
      InputError: Two share a name, a name is not fit for a folder or that of what follows from
        results, or a field is not to be treated or stands twice.
    """
    names = [treatment.name for treatment in treatments]
    for treatment in treatments:
        if names.count(treatment.name) > 1:
            raise InputError(f"config.treatments: two have the name {treatment.name!r}")
        if not re.fullmatch(r"[\w.=,-]+", treatment.name):
            raise InputError(
                f"config.treatments: the name {treatment.name!r} has to be letters, digits and any "
                "of _.=,-"
            )
        if treatment.name == OWN_SETTINGS or factor_of(treatment.name) is not None:
            raise InputError(
                f"config.treatments: {treatment.name!r} is what nets are called that follow from "
                "results, as those of config.tune and config.budget_check; take another name"
            )
        for pairs in (treatment.settings, treatment.where):
            fields = [field for field, _ in pairs]
            check_fields_once(f"config.treatments: {treatment.name!r}", fields)
            for field in fields:
                require_sweepable(field)
        for field, _ in treatment.settings:
            if field in DEPTH:
                raise InputError(
                    f"treatment {treatment.name!r} sets {field}, but what depth does is what it is "
                    "to explain"
                )
        if treatment.control_of and treatment.control_of not in set(names) - {treatment.name}:
            raise InputError(
                f"treatment {treatment.name!r} is to be the control of {treatment.control_of!r}; "
                f"other treatments: {', '.join(set(names) - {treatment.name}) or 'none'}"
            )
    relative.check(treatments)


def treat(
    study: StudyConfig, untreated: Sequence[Variant], varied: Sequence[str], datasets: Datasets
) -> list[Variant]:
    """Returns the treated variants of a study, treatment by treatment.

    A variant that a treatment is not given to is left out, as are one that it leaves as it is, in
    architecture, data and training, and one that has nothing of what it changes. One that is then
    the same as another variant of the study has the runs of that one.

    Args:
      study: The config.
      untreated: The other variants.
      varied: The fields in which the variants of the study differ.
      datasets: Sets that are loaded already; others are added.

    Raises:
      InputError: A treatment makes an impossible variant, or changes none.
    """
    treated: list[Variant] = []
    for treatment in study.treatments:
        changed: list[Variant] = []
        asked = [
            variant
            for variant in untreated
            if all(config.get(variant.config, field) == value for field, value in treatment.where)
        ]
        for variant in asked:
            settings = relative.resolve(treatment, study.treatments, variant)
            new = _treated(treatment.name, settings, variant, varied, datasets)
            if new and not same(new, variant):
                changed.append(_sharing(new, [*untreated, *treated, *changed]))
        if not changed:
            why = "all that it is given to have its settings already, or nothing that they change"
            raise InputError(
                f"treatment {treatment.name!r} changes no variant; "
                f"{why if asked else 'none is as its where says'}"
            )
        treated += changed
    return treated


def _sharing(new: Variant, others: Sequence[Variant]) -> Variant:
    """Returns a variant that has the runs of one of ``others`` if it is the same."""
    twin = next((other.name for other in others if same(new, other)), "")
    return dataclasses.replace(new, info=dataclasses.replace(new.info, same_as=twin))


def _treated(
    treatment: str,
    settings: Settings,
    variant: Variant,
    varied: Sequence[str],
    datasets: Datasets,
) -> Variant | None:
    try:
        new = build(variant.given, f"{variant.name}+{treatment}", settings, varied, datasets)
    except NothingToChangeError:
        return None
    info = dataclasses.replace(
        new.info,
        group=f"{variant.info.group} + {treatment}",
        treatment=treatment,
        untreated=variant.name,
    )
    return dataclasses.replace(new, info=info)
