"""How a net starts is part of its value, and of nothing that it costs."""

import json

import pytest

from depthstudy import arch
from depthstudy.errors import InputError

SMALL = {"depth": 8, "layout": "cifar"}


@pytest.mark.parametrize("init", ["he", "orthogonal", "delta_orthogonal"])
@pytest.mark.parametrize(("family", "options"), [("resnet", SMALL), ("mobilenet_v2", {})])
def test_every_family_takes_it_at_no_cost(family: str, options: dict, init: str) -> None:
    spec = arch.build(family, init=init, init_scale=0.5, **options)
    assert (spec.init, spec.init_scale) == (init, 0.5)
    assert arch.ArchSpec.from_json(spec.to_json()) == spec
    shape = (32, 32, 3)
    assert arch.cost(spec, shape) == arch.cost(arch.build(family, **options), shape)


def test_a_value_without_it_starts_by_he() -> None:
    spec = arch.build("plain", **SMALL)
    plain = json.loads(spec.to_json())
    del plain["init"], plain["init_scale"]
    assert arch.ArchSpec.from_json(json.dumps(plain)) == spec
    assert (spec.init, spec.init_scale) == ("he", 1.0)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("plain", {"init": "xavier"}, "no init 'xavier'; allowed: he, orthogonal, delta_orth"),
        ("plain", {"init_scale": 0.0}, "init_scale must be above 0, it is 0.0"),
        ("plain", {"init_scale": float("nan")}, "must be above 0, it is nan"),
        ("plain", {"init": "looks_linear", "width": 7}, "needs an even number of filters"),
        ("resnet", {"init": "looks_linear"}, "needs no shortcuts, not as in resnet"),
        ("mobilenet_v1", {"init": "looks_linear"}, "needs no groups"),
        ("vgg", {"init": "looks_linear", "depth": 11}, "needs no hidden dense layers"),
        ("plain", {"inti": "he"}, "allowed: depth, .*, init, init_scale"),
    ],
)
def test_refusals(family: str, options: dict, message: str) -> None:
    sized = SMALL if family in ("plain", "resnet") else {}
    with pytest.raises(InputError, match=message):
        arch.build(family, **{**sized, **options})
