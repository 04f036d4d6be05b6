"""From a config to the variants of a study: what each is, what it costs, and how long it trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import ml_collections

from depthstudy import config, probes, tasks, train
from depthstudy.config import DataConfig, StudyConfig
from depthstudy.errors import InputError
from depthstudy.evidence.choice import halving
from depthstudy.evidence.claims import verdicts
from depthstudy.evidence.panel import LEAST_SEEDS
from depthstudy.plan import follow_up, pools, relative, sweep, treatments
from depthstudy.plan.naming import check_folder_name, check_names, grouped, name_of, name_of_net
from depthstudy.plan.twins import with_twins
from depthstudy.plan.untested import refuse_mistyped
from depthstudy.plan.variant import (
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
    named = [*((name_of(point), point) for point in sweep.points(study)), *study.variants]
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
    varied = list(dict.fromkeys([*varied, *relative.fields(study)]))
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
    check_folder_name(study.name)
    _check_probes(study)
    follow_up.check_tunable(study)
    _check_time_budget(study)
    variants = plan(study, datasets or Datasets(expected=expected))
    hypotheses = treatments.see_untreated(study.hypotheses)
    compared = pools.compared(study, variants)
    verdicts.check(hypotheses, compared, probes=study.probes)
    refuse_mistyped(study.hypotheses, compared)
    for variant in variants:
        _check_metric(study, variant)
        _check_measured(study, variant)
        train.choose(variant.train, variant.together(study.seeds))
    for variant in follow_up.untreated(variants):
        for settings in halving.points(study.tune):
            training = config.apply(variant.config, settings).train
            train.choose(training, variant.together(study.tune_seeds))
    return study, variants


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


def _check_time_budget(study: StudyConfig) -> None:
    """Refuses a time that is none, or in which no seed can be left out."""
    if study.time_budget is None:
        return
    config.parse_duration(study.time_budget, "time_budget")
    if study.pools or study.search.trials:
        what = "config.pools" if study.pools else "config.search"
        raise InputError(
            f"config.time_budget leaves out seeds, and {what} says how many its nets have; leave "
            "one of them out"
        )


def _check_metric(study: StudyConfig, variant: Variant) -> None:
    task = tasks.of(variant.dataset)
    if study.metric == "balanced_error" and task.label.shape:
        raise InputError(
            f'config.metric="balanced_error" counts classes, and a label of {task.name} is none;'
            ' allowed: "error"'
        )


def _check_measured(study: StudyConfig, variant: Variant) -> None:
    """Refuses a hypothesis on a column that the runs of a variant will not fill."""
    task, asked = tasks.of(variant.dataset), {h.metric: h.name for h in study.hypotheses}
    if "validation_error" in asked and variant.dataset.validation is None:
        raise InputError(
            f"hypothesis {asked['validation_error']!r}: variant {variant.name} has no images for"
            " validation_error; set config.data.validation above 0"
        )
    for metric in ("balanced_error", "majority_error"):
        if metric in asked and (task.label.shape or not task.counts_images):
            raise InputError(
                f"hypothesis {asked[metric]!r}: {metric} counts classes, and a label of"
                f" {task.name} is none; allowed: test_error, validation_error, train_error, gap"
            )


def _check_probes(study: StudyConfig) -> None:
    try:
        probes.check(study.probes)
    except InputError as error:
        raise InputError(f"config.probes: {error}") from error
    for name in study.probes:
        if study.probes.count(name) > 1:
            raise InputError(f"config.probes names {name!r} twice")
