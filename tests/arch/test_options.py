"""Options that families share do to a value what they say, and nothing else."""

import dataclasses
import inspect
import re

import pytest

from depthstudy import arch
from depthstudy.arch import blocks, lowering
from depthstudy.arch.layer_types import (
    Activation,
    BatchNorm,
    Conv,
    GroupNorm,
    LayerNorm,
    Norm,
    StochasticDepth,
)
from depthstudy.errors import InputError

RESIDUAL = {
    "resnet": {"depth": 18},
    "preact_resnet": {"depth": 18},
    "resnext": {"depth": 50},
    "se_resnet": {"depth": 18},
    "resnet_d": {"depth": 18},
    "wide_resnet": {"depth": 16, "width_multiplier": 1},
    "convnext": {"variant": "atto", "layer_scale": 0.0},
    "densenet": {"depth": 121},
    "regnet": {},
    "efficientnet_v2": {},
    "mobilenet_v2": {},
    "mobilenet_v3": {},
    "shufflenet_v1": {},
    "shufflenet_v2": {},
    "efficientnet": {},
    "efficientnet_lite": {},
}
ALL = {
    **RESIDUAL,
    "plain": {"depth": 18},
    "vgg": {"depth": 11},
    "mobilenet_v1": {},
}


def all_layers(spec: arch.ArchSpec) -> list:
    return [
        layer
        for section in lowering.sections(spec)
        for part in (section.before, section.branch, section.shortcut or (), section.after)
        for layer in part
    ]


def test_every_family_is_here() -> None:
    assert {*ALL, "staged"} == set(arch.FAMILIES)  # whose stages say all of it


@pytest.mark.parametrize("family", RESIDUAL)
def test_the_plain_twin_has_no_shortcut_and_the_same_blocks(family: str) -> None:
    spec = arch.build(family, **RESIDUAL[family])
    twin = arch.build(family, residual=False, **RESIDUAL[family])
    assert any(section.shortcut is not None for section in lowering.sections(spec))
    assert all(section.shortcut is None for section in lowering.sections(twin))
    for with_shortcut, without in zip(sum(spec.stages, ()), sum(twin.stages, ()), strict=True):
        if "residual" not in blocks.kind_of(with_shortcut.kind).reads:
            assert with_shortcut == without
            continue
        assert dataclasses.replace(with_shortcut, residual=False) == without
    assert arch.cost(twin, (32, 32, 3)).depth == arch.cost(spec, (32, 32, 3)).depth


@pytest.mark.parametrize(
    "family", ["mobilenet_v2", "mobilenet_v3", "efficientnet", "efficientnet_v2"]
)
def test_the_twin_of_identity_shortcuts_costs_the_same(family: str) -> None:
    costs = [arch.cost(arch.build(family, residual=r), (32, 32, 3)) for r in (True, False)]
    assert costs[0] == costs[1]


@pytest.mark.parametrize("family", ALL)
def test_the_small_layout_halves_twice_less(family: str) -> None:
    options = {"depth": 50} if family == "wide_resnet" else ALL[family]
    large = arch.build(family, layout="imagenet", **options)
    small = arch.build(family, layout="small", **options)
    strides = [arch.layer_costs(spec, (64, 64, 3))[-1].jump for spec in (large, small)]
    assert strides == [32, 8]
    first = arch.layer_costs(small, (8, 8, 1))[0]
    assert first.shape[:2] == (8, 8)
    hidden = len(large.head.hidden) if family == "vgg" else 0  # the dense layers that it loses
    depths = [arch.cost(spec, (64, 64, 3)).depth for spec in (large, small)]
    assert depths[0] - depths[1] == hidden


@pytest.mark.parametrize("family", ALL)
def test_without_norm_convolutions_have_biases(family: str) -> None:
    layers = all_layers(arch.build(family, norm="none", **ALL[family]))
    assert not any(isinstance(layer, Norm) for layer in layers)
    assert all(layer.bias for layer in layers if isinstance(layer, Conv))


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize(("norm", "kind"), [("group", GroupNorm), ("layer", LayerNorm)])
def test_a_norm_without_a_batch_replaces_all_others(family: str, norm: str, kind: type) -> None:
    """The same parameters, in the same places; nothing is left that depends on the batch."""
    batch, other = (arch.build(family, norm=n, **ALL[family]) for n in ("batch", norm))
    norms = [[x for x in all_layers(s) if isinstance(x, Norm)] for s in (batch, other)]
    assert {type(layer) for layer in norms[1]} == {kind}
    assert [layer.name for layer in norms[0]] == [layer.name for layer in norms[1]]
    assert arch.cost(batch, (64, 64, 3)) == arch.cost(other, (64, 64, 3))


@pytest.mark.parametrize("family", ALL)
def test_an_activation_replaces_all_others(family: str) -> None:
    layers = all_layers(arch.build(family, activation="silu", **ALL[family]))
    assert {layer.kind for layer in layers if isinstance(layer, Activation)} == {"silu"}


@pytest.mark.parametrize("family", ["resnext", "se_resnet", "preact_resnet", "resnet_d"])
def test_families_built_on_resnet_take_its_options(family: str) -> None:
    theirs, options = (inspect.signature(arch.FAMILIES[f]).parameters for f in ("resnet", family))
    assert set(theirs) - set(options) <= {"shortcut"}
    assert not any(p.kind is p.VAR_KEYWORD for p in options.values())
    with pytest.raises(InputError, match=f"family '{family}' takes no option 'widht'; did you me"):
        arch.build(family, depth=50, widht=8)


@pytest.mark.parametrize("family", arch.FAMILIES)
def test_help_says_what_each_option_means(family: str) -> None:
    builder = arch.FAMILIES[family]
    described = re.findall(r"^  (\S+): .{5,}$", inspect.getdoc(builder).split("Raises:")[0], re.M)
    assert sorted(described) == sorted(inspect.signature(builder).parameters)


def test_a_builder_takes_no_options_but_its_own() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'residual'"):
        arch.FAMILIES["vgg"](depth=11, residual=False)


def test_stochastic_depth_grows_from_block_to_block() -> None:
    spec = arch.build("resnet", depth=18, stochastic_depth=0.4)
    rates = [layer.rate for layer in all_layers(spec) if isinstance(layer, StochasticDepth)]
    assert rates == pytest.approx([0.4 * i / 8 for i in range(1, 8)])
    spec = arch.build("efficientnet")  # of 16 blocks nine add their input, none of them the first
    rates = [layer.rate for layer in all_layers(spec) if isinstance(layer, StochasticDepth)]
    assert rates == pytest.approx([0.2 * i / 16 for i in (2, 4, 6, 7, 9, 10, 12, 13, 14)])


def test_norm_and_padding_hold_throughout() -> None:
    layers = all_layers(arch.build("efficientnet", variant="b5", padding="same"))
    norms = {(x.epsilon, x.momentum) for x in layers if isinstance(x, BatchNorm)}
    assert norms == {(1e-3, 0.99)}
    assert {x.padding for x in layers if isinstance(x, Conv)} == {"same"}


def test_vgg_biases_stay_with_norm() -> None:
    assert all(x.bias for x in all_layers(arch.build("vgg", depth=11)) if isinstance(x, Conv))
