"""From a config to the variants of a study: what each is, what it costs, and how long it trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import ml_collections

from depthstudy import config
from depthstudy.config import DataConfig, Settings, StudyConfig
from depthstudy.errors import InputError
from depthstudy.evidence.claims import verdicts
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.plan import checks, follow_up, pools, sweep, treatments
from depthstudy.plan.hypotheses import refuse_mistyped, see_untreated
from depthstudy.plan.variants.naming import check_names, grouped, name_of, name_of_net
from depthstudy.plan.variants.twins import with_twins
from depthstudy.plan.variants.variant import (
    Datasets,
    Variant,
    build,
    require_sweepable,
    with_settings,
)


def plan(study: StudyConfig, datasets: Datasets | None = None) -> tuple[Variant, ...]:
    """Returns the variants of a study, in the order in which they are trained.

    They are the product of the values in ``sweep``, then those of ``variants``; with neither, the
    config itself is the only one. Then follows, treatment by treatment, each of them treated. The
    dense twin of a pruned variant is added before it where it is not among them.

    >>> study = StudyConfig(sweep=(("model.family", ("plain", "resnet")), ("model.depth", (8,))))
    >>> [(variant.name, variant.info.macs) for variant in plan(study)]
    [('plain_depth8', 747136), ('resnet_depth8', 747136)]

    Args:
      study: The config.
      datasets: Sets that are loaded already, or have to be found again.

    Raises:
      InputError: A field is unknown, not to be varied or set twice, a value does not fit, two
        variants have one name, an architecture is impossible, a treatment changes nothing, or the
        data are not there.
    """
    named = [*((_name(study, point), point) for point in sweep.points(study)), *study.variants]
    if not named:
        named = [(name_of_net(study.model), ())]
    for name, settings in study.variants:
        sweep.check_fields_once(f"config.variants: {name!r}", [field for field, _ in settings])
    treatments.check(study.treatments)
    check_names([name for name, _ in named], [treatment.name for treatment in study.treatments])
    varied = list(dict.fromkeys(field for _, settings in named for field, _ in settings))
    for field in varied:
        require_sweepable(field)
    datasets = Datasets() if datasets is None else datasets
    given = [build(study, name, settings, varied, datasets) for name, settings in named]
    untreated = grouped(study, with_twins(study, given, varied, datasets))
    varied = list(dict.fromkeys([*varied, *treatments.fields(study)]))
    grouped_given = [variant for variant in untreated if variant.name in dict(named)]
    treated = treatments.treat(study, grouped_given, varied, datasets)
    variants = [*(with_settings(variant, varied) for variant in untreated), *treated]
    return pools.with_seeds(study, with_twins(study, variants, varied, datasets))


def prepare(
    study: ml_collections.ConfigDict | StudyConfig,
    expected: Mapping[DataConfig, str] | None = None,
    datasets: Datasets | None = None,
) -> tuple[StudyConfig, tuple[Variant, ...]]:
    """Checks a config whole and returns it with its plan; trains nothing.

    Images of a folder are prepared in the cache.

    Args:
      study: The config.
      expected: Name of the set that each ``data.source_key`` has to give, where another process
        has opened it before.
      datasets: As in ``plan``.

    Raises:
      InputError: Something in the config is wrong.
    """
    if not isinstance(study, StudyConfig):
        study = config.parse(study)
    study = _with_first_look(study)
    checks.check_study(study)
    variants = plan(study, datasets or Datasets(expected=expected))
    checks.refuse_other_draws(study, variants)
    hypotheses = see_untreated(study.hypotheses)
    compared = pools.compared(study, variants)
    verdicts.check(hypotheses, compared, probes=study.probes)
    refuse_mistyped(study.hypotheses, compared)
    for variant in variants:
        checks.check_variant(study, variant)
    for variant in follow_up.untreated(variants):
        checks.check_tuned(study, variant)
    return study, variants


def _name(study: StudyConfig, point: Settings) -> str:
    """Returns the name of a point of a sweep; that of its net where all of its values are none."""
    return name_of(point) or name_of_net(config.apply(study, point).model)


def _with_first_look(study: StudyConfig) -> StudyConfig:
    """Returns a study whose seeds are those of its first look, where seeds are added as needed."""
    most = study.seeds_until_settled
    if most is None:
        return study
    first = max(study.seeds, LEAST_SEEDS)
    if most <= first:
        raise InputError(
            f"config.seeds_until_settled={most} has to be more than the {first} seeds of the "
            "first look"
        )
    if study.pools:
        raise InputError(
            "config.seeds_until_settled adds seeds to variants, and config.pools has other nets "
            "for more runs; set one of them"
        )
    if not study.hypotheses:
        raise InputError("config.seeds_until_settled needs config.hypotheses, which it settles")
    return dataclasses.replace(study, seeds=first)
