"""What ``build`` refuses, and what it says then."""

import pytest

from depthstudy import arch
from depthstudy.errors import InputError


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("resnet", {"depth": 57, "layout": "cifar"}, "needs 6n\\+2; nearest: 56 and 62"),
        ("resnet", {"depth": 3, "layout": "cifar"}, "nearest: 8$"),
        ("resnet", {"depth": 60}, "nearest: 34 and 50 .*18, 34, 50, 101, 152, 200"),
        ("resnet", {"depth": 20, "layout": "mnist"}, "layout 'mnist'.*cifar, imagenet"),
        ("resnet", {"depth": 18, "norm": "layer"}, "norm 'layer'.*batch, none"),
        ("resnet", {"depth": 18, "shortcut": "D"}, "shortcut 'D'.*A, B, C"),
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
        ("mobilenet_v3", {"width": -1.0}, "width must be above 0"),
        ("shufflenet_v1", {"groups": 5}, "groups 5; allowed: 1, 2, 3, 4, 8"),
        ("shufflenet_v2", {"dropout": 1.5}, "dropout must be at least 0 and below 1"),
        ("vgg", {"depth": 12}, "depth 12; allowed: 11, 13, 16, 19"),
        ("wide_resnet", {"depth": 27}, "needs 6n\\+4; nearest: 22 and 28"),
        ("wide_resnet", {"depth": 28, "width": 0.01}, "whole channels"),
        ("efficientnet", {"padding": "valid"}, "padding 'valid'.*torch, same"),
    ],
)
def test_refusals(family: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        arch.build(family, **options)
    assert "\n" not in str(caught.value)


def test_width_scales_every_stage() -> None:
    spec = arch.build("resnet", depth=20, layout="cifar", width=24)
    assert [stage[-1].filters for stage in spec.stages] == [24, 48, 96]
