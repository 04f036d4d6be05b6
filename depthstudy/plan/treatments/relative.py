"""Values of a treatment that follow from what a variant has: twice as much, or as long as two."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy import config
from depthstudy.config import WITH_FINE_TUNING, Settings, StudyConfig, Treatment, Value
from depthstudy.errors import InputError
from depthstudy.plan.variants import pruning
from depthstudy.plan.variants.variant import Variant

DOUBLE = "double"  # a value: twice what it was
_IMAGE_SIZE, _EPOCHS = "data.image_size", "train.epochs"
_STEPS, _LEAST_STEPS = "train.steps", "train.least_steps"


def check(treatments: Sequence[Treatment]) -> None:
    """Checks the fields that are to be as long as a training with its fine-tuning.

    Raises:
      InputError: The field is another than ``train.epochs``, or there is no fine-tuning.
    """
    for treatment in treatments:
        for field, value in treatment.settings:
            if value != WITH_FINE_TUNING:
                continue
            if field != _EPOCHS:
                raise InputError(
                    f"treatment {treatment.name!r} sets {field} to {WITH_FINE_TUNING!r}; allowed "
                    f"for that: {_EPOCHS}"
                )
            if not _of_control(treatment, treatments).get("prune.fine_tune_epochs"):
                raise InputError(
                    f"treatment {treatment.name!r} is to be as long as a training "
                    f"{WITH_FINE_TUNING!r}; its control_of has to name a treatment that sets "
                    "prune.fine_tune_epochs"
                )


def fields(study: StudyConfig) -> list[str]:
    """Returns the fields that the treatments of a study change."""
    lengths = [_STEPS] if study.train.steps is not None else [_EPOCHS]
    if study.train.steps is None and study.train.least_steps:
        lengths.append(_LEAST_STEPS)
    return [
        name
        for treatment in study.treatments
        for field, value in treatment.settings
        for name in (lengths if value == WITH_FINE_TUNING else [field])
    ]


def resolve(treatment: Treatment, treatments: Sequence[Treatment], variant: Variant) -> Settings:
    """Returns the settings of a treatment, as they are for one variant.

    Args:
      treatment: Gives the settings, some of them in words.
      treatments: All of the study.
      variant: Has the treatment.

    Raises:
      InputError: What is to be doubled is no number.
    """
    settings: list[tuple[str, Value]] = []
    for field, value in treatment.settings:
        if value == WITH_FINE_TUNING:
            settings += _with_fine_tuning(variant, _of_control(treatment, treatments))
        else:
            settings.append((field, _double(variant, field) if value == DOUBLE else value))
    return tuple(settings)


def _of_control(treatment: Treatment, treatments: Sequence[Treatment]) -> dict[str, Value]:
    """Returns the settings of pruning of the treatment that another is the control of."""
    controlled = (t.settings for t in treatments if t.name == treatment.control_of)
    return {
        field: value
        for settings in controlled
        for field, value in settings
        if field.startswith("prune.")
    }


def _with_fine_tuning(variant: Variant, pruned: dict[str, Value]) -> Settings:
    """Returns the length of a training with the fine-tuning that another treatment adds to it."""
    given = config.apply(variant.given, tuple(pruned.items()))
    recipe, tuned = given.train, given.prune.fine_tune_epochs
    if recipe.steps is not None:
        added = pruning.count_tuning_steps(given, len(variant.dataset.train))
        return ((_STEPS, recipe.steps + added),)
    whole = recipe.epochs + tuned
    if not recipe.least_steps:
        return ((_EPOCHS, whole),)
    return ((_EPOCHS, whole), (_LEAST_STEPS, recipe.least_steps * whole // recipe.epochs))


def _double(variant: Variant, field: str) -> Value:
    value = config.get(variant.config, field)
    if field == _IMAGE_SIZE and value is None:
        value = variant.dataset.image_shape[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"variant {variant.name}: config.{field} is {value!r}, not to be doubled")
    return 2 * value
