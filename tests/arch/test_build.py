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
        ("resnet", {"depth": 18, "shortcut": "C"}, "shortcut 'C'.*A, B"),
        ("resnet", {"depth": 18, "width": 0}, "width must be at least 1"),
        ("resnet", {"depth": 18, "residual": False, "shortcut": "A"}, "needs residual=True"),
        ("plain", {"depth": 18, "residual": True}, "no residual connections"),
        ("plain", {"depth": 18, "shortcut": "A"}, "takes no option 'shortcut'"),
        ("resnet", {}, "needs the option 'depth'"),
        ("resnets", {"depth": 18}, "did you mean resnet\\?"),
    ],
)
def test_refusals(family: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        arch.build(family, **options)
    assert "\n" not in str(caught.value)


def test_width_scales_every_stage() -> None:
    spec = arch.build("resnet", depth=20, layout="cifar", width=24)
    assert [stage[-1].filters for stage in spec.stages] == [24, 48, 96]
