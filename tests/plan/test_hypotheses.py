"""Hypotheses that no variants can test are named before anything is trained."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from depthstudy import plan, study
from depthstudy.config import Hypothesis, StudyConfig, Value, apply
from depthstudy.errors import InputError


def asking(**fields: Value) -> StudyConfig:
    """Returns a sweep over two families and two depths with one hypothesis."""
    sides = {name: (("model.family", value),) for name, value in fields.items()}
    asked = Hypothesis(name="h", statement="S.", metric="test_error", relation="less", **sides)
    sweep = (("model.family", ("plain", "resnet")), ("model.depth", (8, 14)))
    return apply(StudyConfig(hypotheses=(asked,)), (("sweep", sweep), ("train.steps", 1)))


def untested(config: StudyConfig) -> list[str]:
    config, variants = plan.prepare(config)
    return plan.untested(config.hypotheses, plan.settings_of(variants))


def test_one_that_can_be_tested_is_not_named() -> None:
    assert untested(asking(where="resnet", against="plain")) == []


def test_one_without_variants_is_named_with_what_they_would_be() -> None:
    assert untested(asking(where="vgg", against="plain")) == [
        "hypothesis 'h' will not be tested: the plan has no variants "
        "with model.family='vgg' and with model.family='plain'"
    ]


def test_the_plan_says_it_before_steps_are_timed() -> None:
    parts = study.describe_parts(asking(where="vgg", against="plain"))
    before = list(itertools.takewhile(lambda part: not part.startswith("hypothesis"), parts))
    assert "plain_depth8" in before[-1]
    assert not any("runs; about" in part for part in before)


@pytest.mark.parametrize(("typed", "meant"), [("resent", "resnet"), ("plian", "plain")])
def test_a_mistyped_value_is_refused(typed: str, meant: str) -> None:
    config = asking(where=typed, against="plain" if meant == "resnet" else "resnet")
    with pytest.raises(InputError, match=f"'{typed}'; did you mean '{meant}'"):
        plan.prepare(config)


def test_a_number_as_text_is_refused() -> None:
    asked = Hypothesis(
        name="h",
        statement="S.",
        metric="test_error",
        relation="less",
        where=(("model.depth", "8"),),
        against=(("model.depth", 14),),
    )
    config = apply(StudyConfig(hypotheses=(asked,)), (("sweep", (("model.depth", (8, 14)),)),))
    with pytest.raises(InputError, match=r"model\.depth='8'; did you mean 8"):
        plan.prepare(config)


def test_a_validation_error_needs_validation_images() -> None:
    config = asking(where="resnet", against="plain")
    asked = dataclasses.replace(config.hypotheses[0], metric="validation_error")
    config = dataclasses.replace(config, hypotheses=(asked,))
    plan.prepare(config)
    message = r"^hypothesis 'h': variant .* has no images for validation_error; set config\.data"
    with pytest.raises(InputError, match=message):
        plan.prepare(apply(config, (("data.validation", 0.0),)))


@pytest.mark.parametrize("name", ["", ".", "..", "../../x", "a/b", "a\nb", "x" * 300])
def test_a_study_has_the_name_of_a_folder(name: str) -> None:
    with pytest.raises(InputError, match=r"config\.name"):
        plan.prepare(apply(StudyConfig(), (("name", name),)))


@pytest.mark.parametrize("name", [".", "..", "x" * 300])
def test_a_variant_has_the_name_of_a_folder(name: str) -> None:
    variants = ((name, (("model.depth", 8),)),)
    with pytest.raises(InputError, match=r"config\.variants"):
        plan.prepare(apply(StudyConfig(), (("variants", variants),)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("train.learning_rate", float("inf")),
        ("train.weight_decay", float("inf")),
        ("train.scale_penalty", float("nan")),
        ("sweep", (("train.learning_rate", (0.1, float("inf"))),)),
        ("tune", (("train.learning_rate", (0.1, float("nan"))),)),
    ],
)
def test_numbers_are_finite(field: str, value: Value) -> None:
    with pytest.raises(InputError, match=r"has to be a finite number \(it is (inf|nan)\)"):
        apply(StudyConfig(), ((field, value),))
