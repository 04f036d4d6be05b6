"""Runs that are there: which count as those of a config, and which are refused."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from depthstudy import execute, plan, store
from depthstudy.config import StudyConfig, Value, apply
from depthstudy.errors import InputError

OLD_DEFAULTS = {"family": "resnet", "depth": 20, "layout": "cifar"}  # of earlier versions


def check(folder: Path, stored: dict[str, Any], arch: str = "", **fields: Value) -> plan.Variant:
    """Checks a folder in which a run of the only variant has stored these fields of the net."""
    settings = tuple((name.replace("__", "."), value) for name, value in fields.items())
    study, (variant,) = plan.prepare(apply(StudyConfig(), settings))
    info = store.RunInfo(
        study="study",
        variant=variant.name,
        seed=0,
        arch=arch or "written by an earlier version",
        config={"data": {"validation": variant.config.data.validation}, "model": stored},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
    )
    store.RunStore.of(folder, variant.name, 0).write_info(info)
    execute.check(study, (variant,), folder)
    return variant


def test_earlier_versions_wrote_defaults_that_are_not_used(tmp_path: Path) -> None:
    check(tmp_path, OLD_DEFAULTS)
    check(tmp_path, OLD_DEFAULTS | {"layout": None, "depth": 18}, model__layout="imagenet",
          model__depth=18)  # fmt: skip
    mobile = OLD_DEFAULTS | {"family": "mobilenet_v2", "layout": "small", "width": 0.5}
    check(tmp_path, mobile, model__family="mobilenet_v2", model__layout="small",
          model__width_multiplier=0.5)  # fmt: skip


def test_another_net_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model.layout \('imagenet', now 'cifar'\)"):
        check(tmp_path, OLD_DEFAULTS | {"layout": None})
    with pytest.raises(InputError, match=r"model.norm \('none', now 'batch'\)"):
        check(tmp_path, OLD_DEFAULTS | {"norm": "none"})


def test_the_same_net_asked_for_in_another_way_is_the_same(tmp_path: Path) -> None:
    variant = check(tmp_path, OLD_DEFAULTS)
    explicit = OLD_DEFAULTS | {"width": 16, "shortcut": "A"}
    with pytest.raises(InputError, match=r"model\.width"):
        check(tmp_path, explicit)
    check(tmp_path, explicit, arch=variant.spec.to_json())


@pytest.mark.slow
def test_a_run_stores_the_options_it_began_with(tmp_path: Path) -> None:
    study, variants = plan.prepare(
        apply(
            StudyConfig(),
            (("train.steps", 2), ("model.depth", 8), ("model.width", 4), ("train.evaluations", 1)),
        )
    )
    with contextlib.closing(execute.Session(study, variants, tmp_path)) as session:
        session.train(execute.jobs_of(study, variants))
    info = store.RunStore.of(tmp_path, "resnet_depth8", 0).read_info()
    assert info is not None
    assert info.config["model"]["family"] == "resnet"
    assert (info.config["model"]["depth"], info.config["model"]["layout"]) == (8, "cifar")
    execute.check(study, variants, tmp_path)
