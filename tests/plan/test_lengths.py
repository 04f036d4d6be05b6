"""The length of a training: which field decides it, and trainings that are as long."""

from __future__ import annotations

import pytest

from depthstudy.config import StudyConfig, Value, apply
from depthstudy.errors import InputError
from depthstudy.plan import Variant, plan

DEPTH = ("model.depth", 8)


def treated(*settings: tuple[str, Value], base: tuple[tuple[str, Value], ...] = ()) -> Variant:
    """Returns the only net of a study with the treatment ``x``."""
    row = {"name": "x", "mechanism": "budget", "settings": settings}
    *_, variant = plan(apply(StudyConfig(), (DEPTH, *base, ("treatments", (row,)))))
    return variant


@pytest.mark.parametrize("field", ["train.epochs", "train.least_steps"])
def test_a_length_that_steps_replace_is_refused_to_variants_and_treatments(field: str) -> None:
    steps: tuple[str, Value] = ("train.steps", 4)
    message = f"config.{field} is not read, as config.train.steps=4 is set; change that one"
    with pytest.raises(InputError, match=rf"variant resnet_depth8\+x: {message}"):
        treated((field, 30), base=(steps,))
    for varied in (
        ("sweep", ((field, (10, 20)),)),
        ("variants", (("a", ((field, 10),)),)),
        ("variants", (("a", ((field, 10), steps)),)),
    ):
        with pytest.raises(InputError, match=message) as caught:
            plan(apply(StudyConfig(), (DEPTH, steps, varied)))
        assert "\n" not in str(caught.value)


def test_a_longer_budget_that_is_as_long_is_no_treatment() -> None:
    base = (("train.epochs", 1), ("train.least_steps", 500))
    with pytest.raises(InputError, match="treatment 'x' changes no variant"):
        treated(("train.epochs", "double"), base=base)
    assert treated(("train.least_steps", "double"), base=base).info.steps == 1_000


def test_trainings_of_as_many_steps_are_the_same() -> None:
    base = (("train.epochs", 2), ("train.batch_size", 32))
    (whole,) = plan(apply(StudyConfig(), (DEPTH, *base)))
    rows = [
        {"name": "decay", "mechanism": "recipe", "settings": (("train.weight_decay", 0.01),)},
        {
            "name": "as_long",
            "mechanism": "recipe",
            "settings": (("train.weight_decay", 0.01), ("train.steps", whole.info.steps)),
        },
    ]
    *_, as_long = plan(apply(StudyConfig(), (DEPTH, *base, ("treatments", tuple(rows)))))
    assert as_long.info.same_as == "resnet_depth8+decay"


@pytest.mark.parametrize(
    ("settings", "control_of", "message"),
    [
        ((("train.steps", "with_fine_tuning"),), "cut", "allowed for that: train.epochs"),
        ((("train.epochs", "with_fine_tuning"),), "", "its control_of has to name a treatment"),
        ((("train.epochs", "with_fine_tuning"),), "decay", "that sets prune.fine_tune_epochs"),
    ],
)
def test_a_training_with_fine_tuning_needs_one(
    settings: tuple[tuple[str, Value], ...], control_of: str, message: str
) -> None:
    cut = (("prune.weights", 0.5), ("prune.fine_tune_epochs", 1))
    rows = (
        {"name": "cut", "mechanism": "redundancy", "settings": cut},
        {"name": "decay", "mechanism": "recipe", "settings": (("train.weight_decay", 0.01),)},
        {
            "name": "whole",
            "mechanism": "redundancy",
            "settings": settings,
            "control_of": control_of,
        },
    )
    with pytest.raises(InputError, match=message) as caught:
        plan(apply(StudyConfig(), (DEPTH, ("treatments", rows))))
    assert "\n" not in str(caught.value)
