"""From a config to the variants of a study: what each is, what it costs, and how long it trains."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Sequence

import ml_collections

from depthstudy import config, probes, train
from depthstudy.config import Settings, StudyConfig, Value
from depthstudy.errors import InputError
from depthstudy.evidence import verdicts
from depthstudy.plan import pruning, treatments
from depthstudy.plan.variant import (
    DEPTH,
    SWEEPABLE_GROUPS,
    Datasets,
    Variant,
    build,
    grouped,
    name_of,
    require_sweepable,
    same,
)


def plan(study: StudyConfig) -> tuple[Variant, ...]:
    """Returns the variants of a study, in the order in which they are trained.

    They are the product of the values in ``sweep``, then those of ``variants``; with neither, the
    config itself is the only one. Then follows, treatment by treatment, each of them treated. The
    dense twin of a pruned variant is added before it where it is not among them.

    Raises:
      InputError: A field is unknown or not to be varied, a value does not fit, two variants have
        one name, an architecture is impossible, a treatment changes nothing, or the data are not
        there.
    """
    named = [*_swept(study), *study.variants]
    if not named:
        named = [(name_of((("model.family", study.model.family), (DEPTH, study.model.depth))), ())]
    treatments.check(study.treatments)
    _check_names([name for name, _ in named], [treatment.name for treatment in study.treatments])
    varied = list(dict.fromkeys(field for _, settings in named for field, _ in settings))
    for field in varied:
        require_sweepable(field)
    datasets: Datasets = {}
    own = [build(study, name, settings, varied, datasets) for name, settings in named]
    untreated = grouped(study, _with_twins(study, own, varied, datasets))
    treated_fields = [field for t in study.treatments for field, _ in t.settings]
    varied = list(dict.fromkeys([*varied, *treated_fields]))
    given = [variant for variant in untreated if variant.name in dict(named)]
    treated = treatments.treat(study, given, varied, datasets)
    found = [*(_with_settings(variant, varied) for variant in untreated), *treated]
    return tuple(_with_twins(study, found, varied, datasets))


def prepare(
    study: ml_collections.ConfigDict | StudyConfig,
) -> tuple[StudyConfig, tuple[Variant, ...]]:
    """Checks a config whole and returns it with its plan; trains and writes nothing.

    Raises:
      InputError: Something in the config is wrong.
    """
    if not isinstance(study, StudyConfig):
        study = config.parse(study)
    _check_probes(study)
    variants = plan(study)
    hypotheses = treatments.see_untreated(study.hypotheses)
    verdicts.check(hypotheses, settings_of(variants), probes=study.probes)
    for variant in variants:
        train.choose(variant.train, variant.together(study.seeds))
    return study, variants


def settings_of(variants: Sequence[Variant]) -> dict[str, dict[str, Value]]:
    """Returns, by name of the variant, every field that may vary and its value.

    A treated variant has those that it had untreated, and its treatment as a field of its own, so
    that a hypothesis can set the two side by side.
    """
    known = {variant.name: variant for variant in variants}
    found: dict[str, dict[str, Value]] = {}
    for variant in variants:
        groups = dataclasses.asdict(known.get(variant.info.untreated, variant).config)
        found[variant.name] = {
            f"{group}.{leaf}": value
            for group in SWEEPABLE_GROUPS
            for leaf, value in groups[group].items()
        } | {treatments.FIELD: variant.info.treatment}
    return found


def _check_probes(study: StudyConfig) -> None:
    try:
        probes.check(study.probes)
    except InputError as error:
        raise InputError(f"config.probes: {error}") from error
    for name in study.probes:
        if study.probes.count(name) > 1:
            raise InputError(f"config.probes names {name!r} twice")


def _swept(study: StudyConfig) -> list[tuple[str, Settings]]:
    fields = [field for field, _ in study.sweep]
    for field, values in study.sweep:
        if fields.count(field) > 1:
            raise InputError(f"config.sweep names {field} twice")
        if not values:
            raise InputError(f"config.sweep gives {field} no values")
        if len(set(map(repr, values))) < len(values):
            raise InputError(f"config.sweep gives {field} a value twice: {values}")
    if not fields:
        return []
    points = itertools.product(*(values for _, values in study.sweep))
    swept = [tuple(zip(fields, point, strict=True)) for point in points]
    return [(name_of(settings), settings) for settings in swept]


def _check_names(names: Sequence[str], treated: Sequence[str]) -> None:
    """Refuses names of variants that are no folder's, or that stand twice, treated ones too."""
    every = [*names, *(f"{name}+{treatment}" for treatment in treated for name in names)]
    for name in every:
        if every.count(name) > 1:
            raise InputError(
                f"config.variants: {every.count(name)} variants have the name {name!r}"
            )
        if not re.fullmatch(r"[\w.+=,-]+", name):
            raise InputError(
                f"config.variants: the name {name!r} has to be letters, digits and any of _.+=,-"
            )


def _with_twins(
    study: StudyConfig, found: Sequence[Variant], varied: Sequence[str], datasets: Datasets
) -> list[Variant]:
    """Returns variants with the dense twin of each pruned one before it, whose name it tells."""
    done = [variant for variant in found if not variant.is_pruned]
    for variant in found:
        if not variant.is_pruned:
            continue
        twin = _dense_twin(study, variant, varied, datasets)
        known = next((other for other in done if same(other, twin)), None)
        if known is None:
            _check_names([*(other.name for other in found), twin.name], ())
            done.append(twin)
        info = dataclasses.replace(variant.info, dense=(known or twin).runs)
        done.append(dataclasses.replace(variant, info=info))
    return done


def _dense_twin(
    study: StudyConfig, variant: Variant, varied: Sequence[str], datasets: Datasets
) -> Variant:
    own = dataclasses.replace(variant.config, prune=pruning.DENSE)
    settings = tuple((f, v) for f, v in variant.info.settings.items() if not _prunes(f))
    swept = len(settings) < len(variant.info.settings) and not variant.info.treatment
    name = name_of(settings) if swept else f"{variant.name}_dense"
    fields = [field for field in varied if not _prunes(field)]
    twin = build(own, name or f"{study.name}_dense", (), fields, datasets)
    treated = variant.info.treatment and f"{variant.info.treatment}_dense"
    info = dataclasses.replace(
        twin.info,
        group=f"{variant.info.group}, dense",
        treatment=treated,
        untreated=variant.info.untreated,
    )
    return _with_settings(dataclasses.replace(twin, info=info), varied)


def _prunes(field: str) -> bool:
    return field.startswith("prune.")


def _with_settings(variant: Variant, varied: Sequence[str]) -> Variant:
    """Returns a variant that tells all the fields in which the variants of the study differ."""
    settings = {field: config.get(variant.config, field) for field in varied}
    return dataclasses.replace(variant, info=dataclasses.replace(variant.info, settings=settings))
