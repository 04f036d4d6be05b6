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
