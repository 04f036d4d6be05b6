"""An architecture survives JSON, can be hashed, and says what is wrong with other text."""

import dataclasses

import pytest

from depthstudy import arch
from depthstudy.errors import InputError

OPTIONS = [
    ("plain", {"depth": 20, "layout": "cifar"}),
    ("resnet", {"depth": 32, "layout": "cifar", "width": 8, "shortcut": "B", "norm": "none"}),
    ("preact_resnet", {"depth": 50, "num_classes": 7}),
    ("resnext", {"depth": 50, "groups": 8, "width_per_group": 2}),
    ("se_resnet", {"depth": 20, "layout": "cifar", "reduction": 4}),
    ("wide_resnet", {"depth": 16, "width_multiplier": 2, "dropout": 0.3}),
    ("staged", {"stages": "inverted_r2_k5_e4_c8_se4 preact_bottleneck_r2_s2_e2_c16_noskip"}),
    ("vgg", {"depth": 11}),
    ("mobilenet_v1", {"padding": "same", "activation": "relu6"}),
    ("mobilenet_v2", {"width_multiplier": 1.4, "residual": False}),
    ("mobilenet_v3", {"variant": "small", "layout": "small"}),
    ("shufflenet_v1", {"groups": 8}),
    ("shufflenet_v2", {"depth_multiplier": 0.5}),
    ("efficientnet", {"variant": "b5"}),
    ("efficientnet_lite", {"variant": "lite4", "norm": "none"}),
    ("efficientnet_v2", {"width_multiplier": 0.5}),
    ("convnext", {"variant": "atto", "layer_scale": 0.1}),
    ("densenet", {"depth": 40, "layout": "cifar", "norm": "group"}),
    ("regnet", {"variant": "x_400mf", "norm": "layer"}),
    ("resnet_d", {"depth": 18}),
]


def test_every_family_is_here() -> None:
    assert {family for family, _ in OPTIONS} == set(arch.FAMILIES)


@pytest.mark.parametrize(("family", "options"), OPTIONS)
def test_json_round_trip(family: str, options: dict) -> None:
    spec = arch.build(family, **options)
    again = arch.ArchSpec.from_json(spec.to_json())
    assert again == spec
    assert hash(again) == hash(spec)


@pytest.mark.parametrize("text", ["{}", '{"family": 1}', "[]", "nonsense"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an architecture|Expecting value"):
        arch.ArchSpec.from_json(text)


def test_plain_and_residual_differ_in_one_field() -> None:
    plain = arch.build("plain", depth=20, layout="cifar")
    residual = arch.build("resnet", depth=20, layout="cifar")
    blocks = zip(sum(plain.stages, ()), sum(residual.stages, ()), strict=True)
    for without, with_shortcut in blocks:
        changed = {k for k in vars(without) if getattr(without, k) != getattr(with_shortcut, k)}
        assert changed == {"residual"}
    assert plain == arch.build("resnet", depth=20, layout="cifar", residual=False)


def test_values_written_before_fields_were_added_still_load() -> None:
    """The text of a ResNet-8 as the first version wrote it."""
    block = '{{"filters": {0}, "inner": {0}, "kind": "basic", "norm": "batch", "residual": true, '
    block += '"shortcut": "A", "stride": {1}}}'
    stages = ", ".join(f"[{block.format(16 * s, s if s == 1 else 2)}]" for s in (1, 2, 4))
    text = f"""{{"family": "resnet", "head": {{"activated": false, "norm": "batch",
        "num_classes": 10}}, "stages": [{stages}], "stem": {{"activated": true, "filters": 16,
        "kernel": 3, "norm": "batch", "pool": false, "stride": 1}}}}"""
    assert arch.ArchSpec.from_json(text) == arch.build("resnet", depth=8, layout="cifar")


def test_only_dropout_and_stochastic_depth_draw() -> None:
    assert not arch.build("resnet", depth=20, layout="cifar").is_stochastic
    assert arch.build("resnet", depth=20, layout="cifar", stochastic_depth=0.1).is_stochastic
    assert arch.build("wide_resnet", depth=16, dropout=0.3).is_stochastic
    assert arch.build("mobilenet_v2").is_stochastic
    assert not arch.build("mobilenet_v2", dropout=0.0).is_stochastic


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"filters": 0}, "a block needs filters of at least 1, it is 0"),
        ({"stride": -2}, "a block needs stride of at least 1, it is -2"),
        ({"squeeze": -1}, "a block needs squeeze of at least 0, it is -1"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, it is 1.0"),
    ],
)
def test_numbers_that_no_block_has_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        arch.BlockSpec(**{"kind": "basic", "filters": 8, "inner": 8, **fields})


def test_numbers_that_no_net_has_are_refused() -> None:
    spec = arch.build("resnet", depth=8, layout="cifar")
    with pytest.raises(InputError, match="a stem needs filters of at least 1, it is 0"):
        dataclasses.replace(spec.stem, filters=0)
    with pytest.raises(InputError, match="stochastic_depth must be at least 0 and below 1"):
        dataclasses.replace(spec, stochastic_depth=2)
