"""Plans of detectors: what goes with which data, how nets are grouped, and what is refused."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from squares import write_squares

from depthstudy import plan, records
from depthstudy.config import Hypothesis, StudyConfig, Treatment, apply
from depthstudy.errors import InputError

SCENES = SimpleNamespace(
    name="scenes",
    task="detection",
    image_shape=(64, 64, 1),
    num_classes=10,
    class_names=(),
    train=range(100),
)


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan.Datasets, "get", lambda *_: SCENES)


def planned(**fields: object) -> tuple[plan.Variant, ...]:
    """Returns the plan of a study on images with objects, so far as a plan looks at them."""
    settings = tuple((name.replace("__", "."), value) for name, value in fields.items())
    return plan.plan(apply(StudyConfig(), settings))


def test_a_detector_is_refused_for_one_class_an_image() -> None:
    with pytest.raises(InputError, match=r"digits.* has one class an image, and .*take .*resnet"):
        plan.plan(apply(StudyConfig(), (("model.family", "detector"),)))


@pytest.mark.usefixtures("scenes")
def test_a_classifier_is_refused_for_objects() -> None:
    with pytest.raises(InputError, match=r"has objects in its images.*take detector, efficientdet"):
        planned(model__family="resnet")


@pytest.mark.usefixtures("scenes")
def test_a_detector_is_not_pruned() -> None:
    refused = "variant .* is a detector: only classifiers are pruned"
    for fields in ({"weights": 0.5}, {"blocks": 0.5, "fine_tune_epochs": 1}, {"channels": 0.5}):
        settings = {f"prune__{name}": value for name, value in fields.items()}
        with pytest.raises(InputError, match=refused):
            planned(model__family="detector", **settings)
    removal = (("prune.blocks", 0.5), ("prune.fine_tune_epochs", 1))
    with pytest.raises(InputError, match=r"\+removal: config\.prune is set, and"):
        planned(model__family="detector", treatments=(Treatment("removal", "redundancy", removal),))


@pytest.mark.usefixtures("scenes")
def test_a_treatment_is_given_to_what_it_can_change() -> None:
    shortcuts = Treatment("shortcuts", "optimization", (("model.residual_pyramid", True),))
    variants = planned(
        model__family="detector", treatments=(shortcuts,), sweep=(("model.cells", (1, 3)),)
    )
    assert [variant.name for variant in variants] == ["cells1", "cells3", "cells3+shortcuts"]
    with pytest.raises(InputError, match="'shortcuts' changes no variant"):
        planned(model__family="detector", model__cells=1, treatments=(shortcuts,))
    relu = Treatment("plain", "optimization", (("model.branches", "repvgg"),))
    with pytest.raises(InputError, match=r"\+plain: branches 'repvgg' needs no shortcuts"):
        planned(model__family="detector", treatments=(relu,))


@pytest.mark.usefixtures("scenes")
def test_a_balanced_error_is_of_classes_alone() -> None:
    with pytest.raises(InputError, match=r"config\.metric='balanced_error' is for one class"):
        planned(model__family="detector", metric="balanced_error")


@pytest.mark.parametrize("metric", ["balanced_error", "majority_error"])
def test_no_hypothesis_is_about_classes_that_labels_are_not(metric: str, tmp_path: Path) -> None:
    write_squares(tmp_path / "mine")
    asked = Hypothesis("h", "S.", metric, "less", (("model.cells", 3),), (("model.cells", 1),))
    fields = {
        "data.name": "object_folder",
        "data.source_dir": str(tmp_path / "mine"),
        "data.data_dir": str(tmp_path / "prepared"),
        "model.family": "detector",
        "model.max_level": 3,
        "sweep": (("model.cells", (1, 3)),),
        "train.steps": 1,
    }
    study = apply(StudyConfig(), tuple(fields.items()))
    plan.prepare(study)
    with pytest.raises(InputError, match=f"^hypothesis 'h': {metric} counts classes"):
        plan.prepare(dataclasses.replace(study, hypotheses=(asked,)))


@pytest.mark.usefixtures("scenes")
def test_a_grid_of_parts_is_one_group_up_to_the_deepest() -> None:
    variants = planned(
        model__family="detector",
        sweep=(("model.cells", (1, 3)), ("model.head_repeats", (1, 2))),
    )
    infos = [variant.info for variant in variants]
    (series,) = records.depth_series(infos).items()
    assert series == ("detector", infos)
    depths = [variant.info.depth for variant in variants]
    assert depths == [depths[0], depths[0] + 2, depths[0] + 16, depths[0] + 18]
    assert variants[0].name == "cells1_head_repeats1"


@pytest.mark.usefixtures("scenes")
def test_a_backbone_begins_as_its_family_does() -> None:
    (variant,) = planned(model__family="detector", model__backbone="mobilenet_v2")
    assert variant.spec.family == "mobilenet_v2_detector"
    (variant,) = planned(model__family="detector")
    assert (
        variant.spec.backbone.stages
        == plan.build_net(variant.config.model, num_classes=10).backbone.stages
    )
    assert len(variant.spec.backbone.stages[0]) == 3  # of ResNet-20
