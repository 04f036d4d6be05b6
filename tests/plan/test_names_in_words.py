"""What follows from results has a name for its folder and one for readers."""

from __future__ import annotations

import pytest

from depthstudy import plan
from depthstudy.config import Settings, StudyConfig
from depthstudy.plan.follow_up import follow, longer, own_settings
from depthstudy.records import in_words, own_words

RATE = ("train.learning_rate", 0.032)


@pytest.fixture(scope="module")
def variant() -> plan.Variant:
    _, (only,) = plan.prepare(StudyConfig())
    return only


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((RATE,), "own learning rate 0.032"),
        ((("train.learning_rate", 1e-05),), "own learning rate 1e-05"),
        ((RATE, ("train.weight_decay", 0.1)), "own learning rate 0.032 and weight decay 0.1"),
        ((("train.schedule", "constant"),), "own settings"),
    ],
)
def test_own_settings(variant: plan.Variant, settings: Settings, words: str) -> None:
    info = follow(variant, own_settings(variant, settings)).info
    assert in_words(info.name) == f"resnet_depth20 with {words}"
    tuned = own_words({"tune": [[field, []] for field, _ in settings]})
    alone = "own learning rate" if len(settings) == 1 and "rate" in settings[0][0] else tuned
    assert in_words(info.group, tuned) == f"resnet with {alone}"
    assert in_words(info.treatment, tuned) == tuned


def test_longer_trainings(variant: plan.Variant) -> None:
    info = follow(variant, longer(variant, 16, (RATE,))).info
    assert in_words(info.name) == "resnet_depth20 with 16x the steps and learning rate 0.032"
    assert in_words(info.group) == "resnet with 16x the steps"
    assert in_words(info.treatment) == "16x the steps"
    alone = follow(variant, longer(variant, 2)).info.name
    assert in_words(f"{alone} (2 of 3), {info.name}") == (
        "resnet_depth20 with 2x the steps (2 of 3), "
        "resnet_depth20 with 16x the steps and learning rate 0.032"
    )


def test_other_names_are_as_they_were() -> None:
    for name in ("plain_depth8", "plain + residual", "trained longer", "plain_depth8+own"):
        assert in_words(name) == name
