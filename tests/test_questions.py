"""The usual questions: they fit a plan of plain and residual nets, each side of each hypothesis."""

from __future__ import annotations

import dataclasses
import runpy
from pathlib import Path

import pytest

from depthstudy import config as base
from depthstudy import questions
from depthstudy.config import StudyConfig, apply
from depthstudy.plan import images_seen, prepare
from depthstudy.study.forecast.known_sets import PublishedSets

CONFIGS = Path(__file__).parents[1] / "configs"


def test_they_can_be_asked() -> None:
    config = apply(
        StudyConfig(),
        (
            ("sweep", (("model.family", ("plain", "resnet")), ("model.depth", (8, 20)))),
            (
                "treatments",
                (
                    *questions.treatments(shift=1),
                    *questions.block_removal(fine_tune_epochs=1, fine_tune_rate=0.01),
                ),
            ),
            ("hypotheses", (*questions.degradation(), *questions.redundancy(margin=0.02))),
        ),
    )
    study, variants = prepare(config)
    assert {treatment.mechanism for treatment in study.treatments} == {
        "optimization", "overfitting", "redundancy", "receptive_field",
    }  # fmt: skip
    trained = [variant for variant in variants if not variant.info.same_as]
    # Depth 8 has no block to spare, and plain nets with shortcuts are the residual ones.
    assert len(trained) == 4 + 2 + 4 + 4 + 1 + 1 + 2


def test_controls_of_a_removal_see_as_many_images_where_the_set_is_small() -> None:
    removal = questions.block_removal(fine_tune_epochs=1, fine_tune_rate=0.01)
    fields = (
        ("model.depth", 20), ("treatments", removal), ("data.train_examples", 200),
        ("train.epochs", 2), ("train.least_steps", 60), ("train.batch_size", 32),
    )  # fmt: skip
    _, variants = prepare(apply(StudyConfig(), (("model.family", "resnet"), *fields)))
    seen = images_seen(variants)
    assert seen.pop("resnet_depth20") == 60 * 32
    assert len(seen) == 3
    assert set(seen.values()) == {90 * 32}


def test_the_recipe_for_imagenet_is_the_published_one() -> None:
    """Table 1 and section 5.1 of Goyal et al. 2017, but for the schedule and smoothing."""
    config = base.defaults()
    questions.imagenet(config)
    config.model.depth = 50
    study, (variant,) = prepare(config, datasets=PublishedSets())
    images, training = len(variant.dataset.train), study.train
    assert images > 0.975 * 1_281_167
    epoch = images / training.batch_size
    assert variant.info.steps == pytest.approx(90 * epoch, abs=1)
    assert training.warmup_steps == pytest.approx(5 * epoch, rel=1e-3)
    assert training.learning_rate == 0.1 * training.batch_size / 256
    assert training.statistics_images == 32
    assert (training.momentum, training.nesterov, training.weight_decay) == (0.9, True, 1e-4)


@pytest.mark.parametrize("override", [
    (), (("train.epochs", 32),), (("train.steps", 40),), (("train.least_steps", 400),),
])  # fmt: skip
@pytest.mark.parametrize("name", ["diagnose", "my_data"])
def test_controls_of_a_removal_follow_the_length_of_the_training(
    name: str, override: tuple[tuple[str, int], ...]
) -> None:
    get_config = runpy.run_path(str(CONFIGS / f"{name}.py"))["get_config"]
    fields = (("sweep", ()), ("model.depth", 20), ("hypotheses", ()), ("tune", ()), *override)
    study = apply(base.parse(get_config()), fields)
    asked = [t for t in study.treatments if "block_removal" in (t.name, t.control_of)]
    digits = base.DataConfig(name="digits")
    _, variants = prepare(dataclasses.replace(study, data=digits, treatments=tuple(asked)))
    steps = {v.info.treatment: v.info.steps for v in variants}
    assert steps["scratch"] == steps[""] + steps["block_removal"]
    assert abs(steps["whole"] - steps["scratch"]) <= 1  # passes are rounded to steps once


def test_the_whole_net_of_the_shipped_config_is_trained_as_before() -> None:
    get_config = runpy.run_path(str(CONFIGS / "diagnose.py"))["get_config"]
    _, variants = prepare(get_config())
    (whole,) = (v for v in variants if v.name == "resnet_depth20+whole")
    assert whole.info.steps == 216
    assert whole.info.settings["train.epochs"] == 12
    assert "train.steps" not in whole.info.settings
