"""What is wrong with a plan, found before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy import config, probes, tasks, train
from depthstudy.config import StudyConfig, TrainConfig
from depthstudy.errors import InputError, first_names
from depthstudy.evidence.budgets import UNEQUAL
from depthstudy.evidence.choice import halving
from depthstudy.plan import sweep
from depthstudy.plan.variants.naming import check_folder_name
from depthstudy.plan.variants.variant import Variant

_LENGTH = ("train.epochs", "train.steps", "train.least_steps")
_OF_TRIALS = (*_LENGTH, "train.evaluations", "train.keep_checkpoints")  # which a trial sets itself


def check_study(study: StudyConfig) -> None:
    """Checks what can be known of a study without its variants.

    Raises:
      InputError: Its name is no folder's, a probe is unknown or stands twice, a field of
        ``config.tune`` is unknown, none of training or one that trials set themselves, or
        ``config.budget_check`` or ``config.time_budget`` makes no sense.
    """
    check_folder_name(study.name)
    _check_probes(study)
    _check_tuning(study)
    _check_time_budget(study)


def refuse_other_draws(study: StudyConfig, variants: Sequence[Variant]) -> None:
    """Refuses variants that draw other images by ``data.seed``, but for those that pools hold.

    Raises:
      InputError: They do; each draw would be a group of nets by itself, with verdicts of its own.
    """
    pooled = {name for pool in study.pools for name in pool.variants}
    # What a plan adds for nets of pools: their dense twins, and the same nets with treatments.
    pooled |= {variant.info.dense for variant in variants if variant.name in pooled} - {""}
    pooled |= {variant.name for variant in variants if variant.info.untreated in pooled}
    alone = [variant for variant in variants if variant.name not in pooled]
    first_name = {variant.config.data.seed: variant.name for variant in reversed(alone)}
    if len(first_name) > 1:
        raise InputError(
            "variants in no pool cannot differ in config.data.seed, as "
            f"{first_names(sorted(first_name.values()))} do: another draw of the data "
            "is a replicate, not another net; let each run draw its own by config.data.own_subset, "
            "give each seed a study of its own, or take runs of such variants together by "
            "config.pools"
        )


def check_variant(study: StudyConfig, variant: Variant) -> None:
    """Checks that a variant can be measured as is asked, and trained on the devices that are here.

    Raises:
      InputError: It cannot.
    """
    _check_metric(study, variant)
    _check_measured(study, variant)
    train.choose(variant.train, variant.together(study.seeds))


def check_tuned(study: StudyConfig, variant: Variant) -> None:
    """Checks that the settings of ``config.tune`` can be tried, and be chosen among.

    Raises:
      InputError: Nothing is held out to choose by, there are no such devices, or a net would see
        more images by one setting than by another.
    """
    if study.tune and variant.dataset.validation is None:
        raise InputError(
            f"variant {variant.name}: config.tune chooses by validation data; set data.validation"
            " above 0"
        )
    for settings in halving.points(study.tune):
        training = config.apply(variant.config, settings).train
        train.choose(training, variant.together(study.tune_seeds))
        _require_equal_images(variant, training)


def _require_equal_images(variant: Variant, tried: TrainConfig) -> None:
    """Refuses a batch size by which a training sees more images than by the variant's own."""
    count = len(variant.dataset.train)
    planned, seen = (t.batch_size * train.count_steps(t, count) for t in (variant.train, tried))
    if max(planned, seen) > UNEQUAL * min(planned, seen):
        raise InputError(
            f"variant {variant.name}: config.tune tries train.batch_size={tried.batch_size}, with "
            f"which a training sees {seen:,} images, and {planned:,} with "
            f"{variant.train.batch_size}; give its length by train.epochs, without "
            "train.steps and train.least_steps, and by more of them where steps are few"
        )


def never_at_peak(variants: Sequence[Variant]) -> list[str]:
    """Returns a line on the variants whose training ends within its warm-up, if any does."""
    short = [v for v in variants if v.info.steps < v.train.warmup_steps]
    if not short:
        return []
    first = short[0]
    others = f", nor do {len(short) - 1} more" if len(short) > 1 else ""
    return [
        f"{first.name} does not reach its learning rate{others}: its {first.info.steps:,} steps "
        f"end within the warm-up, config.train.warmup_steps={first.train.warmup_steps:,}"
    ]


def _check_probes(study: StudyConfig) -> None:
    try:
        probes.check(study.probes)
    except InputError as error:
        raise InputError(f"config.probes: {error}") from error
    for name in study.probes:
        if study.probes.count(name) > 1:
            raise InputError(f"config.probes names {name!r} twice")


def _check_tuning(study: StudyConfig) -> None:
    """Refuses fields that are not tuned, and factors of longer trainings that do not rise."""
    sweep.check_grid("config.tune", study.tune)
    for field, _ in study.tune:
        config.require_field(field)
        if not field.startswith("train."):
            raise InputError(f"config.tune: {field} is not tuned, only fields of config.train")
        if field in _OF_TRIALS:
            raise InputError(
                f"config.tune: {field} is not tuned, as a trial takes a share of the training that "
                f"each net has; allowed: fields of config.train but {', '.join(_OF_TRIALS)}"
            )
    factors = study.budget_check
    if list(factors) != sorted(set(factors)) or (factors and factors[0] < 2):
        raise InputError(f"config.budget_check={factors} has to be rising numbers from 2 on")


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
