"""What ``build`` refuses, and what it says then."""

import dataclasses
import math

import pytest

from depthstudy import arch
from depthstudy.errors import InputError

NAN = math.nan


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("resnet", {"depth": 57, "layout": "cifar"}, "needs 6n\\+2; nearest: 56 and 62"),
        ("resnet", {"depth": 3, "layout": "cifar"}, "nearest: 8$"),
        ("resnet", {"depth": 60}, "nearest: 34 and 50 .*18, 34, 50, 101, 152, 200"),
        ("resnet", {"depth": 20, "layout": "mnist"}, "layout 'mnist'.*cifar, imagenet"),
        ("resnet", {"depth": 18, "norm": "instance"}, "norm 'instance'.*batch, group, layer, none"),
        ("resnet", {"depth": 18, "shortcut": "E"}, "shortcut 'E'.*A, B, C, D"),
        ("resnet", {"depth": 18, "width": 0}, "width must be at least 1"),
        ("resnet", {"depth": 18, "residual": False, "shortcut": "A"}, "needs residual=True"),
        ("plain", {"depth": 18, "residual": True}, "no residual connections"),
        ("plain", {"depth": 18, "shortcut": "A"}, "takes no option 'shortcut'"),
        ("resnet", {}, "needs the option 'depth'"),
        ("resnets", {"depth": 18}, "did you mean resnet\\?"),
        ("resnet", {"depth": 18, "width": 1.5}, "at least 1 and whole, it is 1.5"),
        ("resnet", {"depth": 18, "stochastic_depth": 1.0}, "at least 0 and below 1"),
        ("efficientnet", {"residual": False, "stochastic_depth": 0.1}, "needs residual=True"),
        ("efficientnet", {"variant": "b8"}, "variant 'b8'.*b0, b1"),
        ("mobilenet_v1", {"residual": False}, "takes no option 'residual'"),
        ("mobilenet_v2", {"layout": "cifar"}, "layout 'cifar'.*imagenet, small"),
        ("mobilenet_v2", {"depth_multiplier": 0}, "depth multiplier must be above 0"),
        ("mobilenet_v3", {"width_multiplier": -1.0}, "width_multiplier must be above 0"),
        ("shufflenet_v1", {"groups": 5}, "groups 5; allowed: 1, 2, 3, 4, 8"),
        ("shufflenet_v2", {"dropout": 1.5}, "dropout must be at least 0 and below 1"),
        ("vgg", {"depth": 12}, "depth 12; allowed: 11, 13, 16, 19"),
        ("wide_resnet", {"depth": 27}, "needs 6n\\+4; nearest: 22 and 28"),
        ("wide_resnet", {"depth": 28, "width_multiplier": 0.01}, "whole channels"),
        ("wide_resnet", {"depth": 28, "width_multiplier": 0}, "must be above 0, it is 0"),
        ("wide_resnet", {"depth": 50, "layout": "small", "width_multiplier": -2}, "above 0, it is"),
        ("efficientdet", {"channels": 0}, "channels of at least 1, it is 0"),
        ("efficientnet", {"padding": "valid"}, "padding 'valid'.*torch, same"),
        ("mobilenet_v2", {"width": 0.5}, "no option 'width'; did you mean width_multiplier\\?"),
        ("shufflenet_v1", {"width": 1}, "no option 'width'; did you mean width_multiplier\\?"),
        ("wide_resnet", {"depth": 16, "width": 1}, "'width'; did you mean width_multiplier\\?"),
        ("resnet", {"depth": 18, "width_multiplier": 2.0}, "no option 'width_multiplier'"),
        ("resnext", {"depth": 18}, "no depth 18; allowed: 50, 101, 152"),
        ("resnext", {"depth": 50, "groups": 0}, "groups must be at least 1 and whole, it is 0"),
        ("resnext", {"depth": 50, "layout": "cifar"}, "no layout 'cifar'; allowed: imagenet, sm"),
        ("se_resnet", {"depth": 50, "reduction": 0.5}, "reduction must be at least 1 and whole"),
        ("resnet", {"depth": 18, "num_classes": -1}, "a head needs num_classes of at least 0"),
        ("staged", {"width": 0}, "width must be at least 1 and whole, it is 0"),
        ("staged", {"width": 1.5}, "width must be at least 1 and whole, it is 1.5"),
        ("vgg", {"depth": 11, "width": NAN}, "width must be at least 1 and whole, it is nan"),
        ("efficientnet", {"norm_epsilon": -1e-3}, "norm_epsilon of at least 0, it is -0.001"),
        ("efficientnet", {"norm_epsilon": NAN}, "norm_epsilon of at least 0, it is nan"),
        ("efficientdet", {"norm_epsilon": -1.0}, "norm_epsilon of at least 0, it is -1.0"),
        ("efficientdet", {"anchor_scale": NAN}, "anchor_scale above 0 \\(not nan\\)"),
        ("convnext", {"layer_scale": NAN}, "a block needs layer_scale of at least 0, it is nan"),
        ("mobilenet_v2", {"width_multiplier": NAN}, "width multiplier must be above 0, it is nan"),
        ("mobilenet_v2", {"depth_multiplier": math.inf}, "depth multiplier must be above 0, it is"),
    ],
)
def test_refusals(family: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        arch.build(family, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("resnet", {"depth": 18}),
        ("plain", {"depth": 8, "layout": "cifar"}),
        ("wide_resnet", {"depth": 10}),
        ("wide_resnet", {"depth": 50, "layout": "imagenet"}),
        ("densenet", {"depth": 121}),
        ("convnext", {"variant": "atto"}),
    ],
)
def test_a_net_of_no_classes_ends_in_its_features(family: str, options: dict) -> None:
    spec = arch.build(family, num_classes=0, **options)
    assert spec.head.num_classes == 0
    assert arch.layer_costs(spec, (32, 32, 3))[-1].path != ("head", "dense")


def test_an_epsilon_of_zero_is_zero() -> None:
    assert arch.build("efficientnet", norm_epsilon=0.0).norm_epsilon == 0
    assert arch.build("efficientdet", norm_epsilon=0.0).backbone.norm_epsilon == 0
    assert arch.build("efficientdet").backbone.norm_epsilon == 1e-3


def test_a_builder_may_take_any_options(monkeypatch: pytest.MonkeyPatch) -> None:
    def widened(*, factor: int, **options: object) -> arch.ArchSpec:
        return arch.build("plain", depth=8, layout="cifar", width=4 * factor, **options)

    monkeypatch.setitem(arch.FAMILIES, "mine", widened)
    spec = arch.build("mine", factor=2, norm="none", num_classes=3, init="orthogonal")
    assert spec == arch.build(
        "plain", depth=8, layout="cifar", width=8, norm="none", num_classes=3, init="orthogonal"
    )
    with pytest.raises(InputError, match="family 'mine' needs the option 'factor'"):
        arch.build("mine", norm="none")
    with pytest.raises(InputError, match="takes no option 'layer_norm'"):
        arch.build("mine", factor=2, layer_norm=True)


def test_a_builder_may_name_an_aid_of_training_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def orthogonal(*args: object, init: str = "orthogonal", **options: object) -> arch.ArchSpec:
        spec = arch.build("plain", depth=8, layout="cifar", **options)
        return dataclasses.replace(spec, resolution=len(init))

    monkeypatch.setitem(arch.FAMILIES, "mine", orthogonal)
    assert arch.build("mine").resolution == len("orthogonal")
    assert arch.build("mine", init="he", width=4).resolution == len("he")


def test_width_scales_every_stage() -> None:
    spec = arch.build("resnet", depth=20, layout="cifar", width=24)
    assert [stage[-1].filters for stage in spec.stages] == [24, 48, 96]
