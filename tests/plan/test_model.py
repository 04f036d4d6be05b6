"""Options of a net: what each family begins with, takes and refuses, and what is the same net."""

from __future__ import annotations

import inspect

import pytest

from depthstudy import arch, plan
from depthstudy.config import ModelConfig, StudyConfig, Value, apply
from depthstudy.errors import InputError


def planned(**fields: Value) -> tuple[plan.Variant, ...]:
    settings = tuple((name.replace("__", "."), value) for name, value in fields.items())
    return plan.plan(apply(StudyConfig(), settings))


@pytest.mark.parametrize("family", arch.FAMILIES)
def test_a_family_alone_is_enough(family: str) -> None:
    (variant,) = planned(model__family=family)
    depth = plan.STARTING_OPTIONS.get(family, {}).get("depth")
    assert variant.name == (f"{family}_depth{depth}" if depth else family)
    assert variant.info.depth >= 9  # of VGG-11 without its hidden dense layers


def test_a_study_begins_with_options_only_where_a_family_needs_some() -> None:
    for family, builder in arch.FAMILIES.items():
        needed = {
            name
            for name, parameter in inspect.signature(builder).parameters.items()
            if parameter.default is parameter.empty
        }
        assert needed <= set(plan.STARTING_OPTIONS.get(family, {}))
        assert bool(needed) == (family in plan.STARTING_OPTIONS)


def test_options_that_are_given_stay() -> None:
    (variant,) = planned(model__depth=56, model__width=8)
    assert variant.name == "resnet_depth56"
    assert (variant.info.depth, variant.spec.stem.filters) == (56, 8)
    (variant,) = planned(model__family="mobilenet_v1", model__depth_multiplier=0.5)
    assert variant.name == "mobilenet_v1_depth_multiplier0.5"
    assert plan.settings_of([variant])[variant.name]["model.depth"] is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"model__family": "mobilenet_v2", "model__depth": 20},
            "family 'mobilenet_v2' takes no option 'depth'; did you mean 'depth_multiplier'\\? "
            "allowed: .*residual.*skip_init",
        ),
        (
            {"model__family": "mobilenet_v2", "model__width": 1},
            "no option 'width'; did you mean 'width_multiplier'",
        ),
        ({"model__width_multiplier": 0.5}, "no option 'width_multiplier'; did you mean 'width'"),
        ({"model__family": "vgg", "model__residual": True}, "takes no option 'residual'"),
        ({"model__family": "mobilenet_v2", "model__layout": "cifar"}, "no layout 'cifar'"),
        ({"model__family": "resnets"}, "did you mean resnet"),
        (
            {"sweep": (("model.family", ("resnet", "mobilenet_v2")), ("model.depth", (8,)))},
            "variant mobilenet_v2_depth8: family 'mobilenet_v2' takes no option 'depth'",
        ),
        (
            {"model__module": "a:Net", "model__depth": 8},
            "config.model.module='a:Net' goes without config.model.depth",
        ),
        (
            {"model__module": "a:Net", "model__family": "vgg"},
            "config.model.module='a:Net' goes without config.model.family",
        ),
        ({"model__options__depth": 8}, "config.model.options .depth. are those of config.model.mo"),
    ],
)
def test_refusals(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        planned(**fields)
    assert "\n" not in str(caught.value)


def test_none_is_no_option_in_a_sweep_over_families() -> None:
    mobile = (("model.family", "mobilenet_v2"), ("model.depth", None))
    variants = planned(sweep=(("model.depth", (8,)),), variants=(("mobile", mobile),))
    assert [variant.info.depth for variant in variants] == [8, 53]


def test_types_are_those_of_the_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumpy(*, depth: int = 8, width: int = 4, num_classes: int = 10) -> arch.ArchSpec:
        return arch.build("resnet", depth=depth, width=width, layout="cifar")

    monkeypatch.setitem(arch.FAMILIES, "stumpy", stumpy)  # type: ignore[arg-type]
    assert planned(model__family="stumpy", model__width=6)[0].spec.stem.filters == 6
    with pytest.raises(InputError, match=r"'stumpy', config.model.width: expected `int`.*2.5\)"):
        planned(model__family="stumpy", model__width=2.5)


def test_what_is_used_counts_however_it_was_asked_for() -> None:
    """Earlier versions wrote their defaults for every family, and factors as ``width``."""
    used = plan.options_used
    begun = used(ModelConfig(family="resnet", depth=20, layout="cifar"))
    assert used(ModelConfig(depth=20, layout="cifar", norm="batch")) == begun
    assert begun["model.layout"] == "cifar"
    old = ModelConfig(family="mobilenet_v2", depth=20, layout="small", width=0.25)
    now = ModelConfig(family="mobilenet_v2", layout="small", width_multiplier=0.25)
    assert used(old) == used(now)
    assert "model.depth" not in used(old)
    other = ModelConfig(family="mobilenet_v2", layout="small", width_multiplier=0.5)
    assert used(old) != used(other)
