"""What lets a net train is part of its value; what it costs is as by hand."""

import dataclasses
import json

import pytest

from depthstudy import arch
from depthstudy.arch.layer_types import Parallel, Scale, StochasticDepth
from depthstudy.arch.lowering import sections
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
        ("resnet", {"init": "looks_linear"}, "needs no shortcuts, which this resnet has not"),
        ("mobilenet_v1", {"init": "looks_linear"}, "needs no groups"),
        ("vgg", {"init": "looks_linear", "depth": 11}, "needs no hidden dense layers"),
        ("plain", {"inti": "he"}, "allowed: depth, .*, init, init_scale, skip_init"),
    ],
)
def test_refusals(family: str, options: dict, message: str) -> None:
    sized = SMALL if family in ("plain", "resnet") else {}
    with pytest.raises(InputError, match=message):
        arch.build(family, **{**sized, **options})


@pytest.mark.parametrize(
    ("family", "options", "blocks"),
    [
        ("resnet", SMALL, 3),
        ("resnet", {"depth": 50, "norm": "none"}, 16),
        ("preact_resnet", SMALL, 3),
        ("wide_resnet", {"depth": 10, "width_multiplier": 1}, 3),
        ("mobilenet_v2", {}, 10),  # of its 17 blocks ten add their input
        ("shufflenet_v1", {}, 13),  # of its 16 blocks three put it before their branch
    ],
)
def test_skip_init_is_one_parameter_a_branch(family: str, options: dict, blocks: int) -> None:
    spec = arch.build(family, skip_init=True, **options)
    branches = [s.branch for s in sections(spec) if any(isinstance(x, Scale) for x in s.branch)]
    assert len(branches) == blocks
    assert all(isinstance(branch[-1], Scale) for branch in branches)
    without = arch.cost(arch.build(family, **options), (32, 32, 3))
    assert arch.cost(spec, (32, 32, 3)) == dataclasses.replace(
        without, parameters=without.parameters + blocks
    )


def test_skip_init_goes_with_stochastic_depth() -> None:
    spec = arch.build("resnet", skip_init=True, stochastic_depth=0.3, **SMALL)
    ends = [[type(layer) for layer in section.branch[-2:]] for section in sections(spec)[2:-1]]
    assert ends == [[Scale, StochasticDepth]] * 2


def test_the_branches_of_a_repvgg_by_hand() -> None:
    """A plain net of depth 8 and width 4 on gray images of 8x8."""
    plain = arch.cost(arch.build("plain", width=4, **SMALL), (8, 8, 1))
    spec = arch.build("plain", width=4, branches="repvgg", **SMALL)
    parallel_layers = [x for s in sections(spec) for x in s.branch if isinstance(x, Parallel)]
    # The stem and the first convolution of two stages have no identity at their side.
    assert [len(layer.paths) for layer in parallel_layers] == [2, 3, 3, 2, 3, 2, 3]
    pointwise = 1 * 4 + 2 * 4 * 4 + 4 * 8 + 8 * 8 + 8 * 16 + 16 * 16
    norms = 2 * (3 * 4 + 2 * 8 + 2 * 16 + 2 * 4 + 8 + 16)
    cost = arch.cost(spec, (8, 8, 1))
    assert cost.parameters == plain.parameters + pointwise + norms
    macs = 64 * (4 + 2 * 16) + 16 * (32 + 64) + 4 * (128 + 256)
    assert cost.macs == plain.macs + macs
    assert (cost.depth, cost.receptive_field) == (8, plain.receptive_field)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("plain", {"skip_init": True, **SMALL}, "needs shortcuts that are added, plain has none"),
        ("shufflenet_v2", {"skip_init": True}, "shufflenet_v2 has none"),
        ("resnet", {"branches": "repvgg", **SMALL}, "needs no shortcuts, which this resnet"),
        ("plain", {"branches": "repvgg", "norm": "none", **SMALL}, "needs normalization"),
        ("plain", {"branches": "repvgg", "norm": "group", **SMALL}, "normalization by the batch"),
        ("plain", {"branches": "repvgg", "padding": "same", **SMALL}, "needs padding 'torch'"),
        (
            "staged",
            {"branches": "repvgg", "stages": "conv_r2_k5_c8_noskip"},
            "blocks of 3x3 convolutions",
        ),
        ("mobilenet_v1", {"branches": "repvgg"}, "needs blocks of 3x3 convolutions"),
        ("plain", {"branches": "two", **SMALL}, "no branches 'two'; allowed: single, repvgg"),
        ("plain", {"branches": "repvgg", "init": "looks_linear", **SMALL}, "branches 'single'"),
    ],
)
def test_nets_with_no_place_for_it(family: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        arch.build(family, **options)
