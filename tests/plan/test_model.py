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
        needs_some = bool(needed) or family == "convnext"  # whose patches are too large for digits
        assert needs_some == (family in plan.STARTING_OPTIONS)


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
            "family 'mobilenet_v2' takes no option 'depth'; did you mean depth_multiplier\\? "
            "allowed: .*residual.*skip_init",
        ),
        (
            {"model__family": "mobilenet_v2", "model__width": 1},
            "no option 'width'; did you mean width_multiplier\\?",
        ),
        ({"model__width_multiplier": 0.5}, "no option 'width_multiplier'; did you mean width\\?"),
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


MODULE = {"model__module": "user_modules:NormedNet", "model__options__filters": 4}
WIDER = {
    "name": "wider",
    "mechanism": "optimization",
    "settings": (("model.options.filters", "double"),),
}
DEPTHS = (("model.options.depth", (1, 2)),)


def test_a_module_is_swept_and_treated_like_a_family() -> None:
    variants = planned(**MODULE, sweep=DEPTHS, treatments=(WIDER,))
    assert [(variant.name, variant.info.group, variant.info.depth) for variant in variants] == [
        ("depth1", "NormedNet", 1),
        ("depth2", "NormedNet", 2),
        ("depth1+wider", "NormedNet + wider", 1),
        ("depth2+wider", "NormedNet + wider", 2),
    ]
    # A 3x3 kernel from 1 channel with biases, two of a block with scales and biases, the head.
    assert variants[0].info.parameters == 9 * 4 + 4 + 2 * (9 * 16 + 8) + 4 * 10 + 10
    assert variants[2].info.parameters == 9 * 8 + 8 + 2 * (9 * 64 + 16) + 8 * 10 + 10
    (asked, resnet) = planned(**MODULE, variants=(("a", ()), ("b", RESNET)))
    assert (asked.kind, resnet.kind) == ("NormedNet", "resnet")
    fields = plan.settings_of([asked, resnet])
    assert [row["model.options.filters"] for row in fields.values()] == [4, None]


RESNET = (
    ("model.family", "resnet"),
    ("model.module", None),
    ("model.options.filters", None),
)


@pytest.mark.parametrize(
    ("depth", "name"), [(3, "NormedNet_depth3"), (None, "NormedNet")], ids=["given", "left"]
)
def test_a_module_alone_is_named_by_its_class(depth: int | None, name: str) -> None:
    (variant,) = planned(**MODULE, model__options__depth=depth)
    assert variant.name == variant.info.name == name
    assert variant.spec.option("depth") == depth


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prune__blocks": 0.5}, "config.prune.blocks=0.5 needs a family"),
        ({"prune__channels": 0.5}, "config.prune.channels=0.5 needs a family.*only config.prune.w"),
        (
            {"treatments": ({**WIDER, "settings": (("model.options.depth", 3),)},)},
            "treatment 'wider' sets model.options.depth",
        ),
        ({"model__options__depth": 0}, r"options\.depth=0 is taken for how deep the net is"),
    ],
)
def test_refusals_of_a_module(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        planned(**MODULE, **fields, prune__fine_tune_epochs=1)
