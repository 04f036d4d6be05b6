"""Groups of channels: by hand for small nets, and what must hold in every published one."""

import dataclasses
import random

import pytest
from sampled import sampled

from depthstudy import arch
from depthstudy.errors import InputError

PUBLISHED = [
    ("plain", {"depth": 20, "layout": "cifar"}),
    ("resnet", {"depth": 20, "layout": "cifar"}),
    ("resnet", {"depth": 50}),
    ("preact_resnet", {"depth": 56, "layout": "cifar", "shortcut": "B"}),
    ("resnext", {"depth": 50}),
    ("resnext", {"depth": 50, "groups": 8, "residual": False}),
    ("se_resnet", {"depth": 20, "layout": "cifar"}),
    ("se_resnet", {"depth": 50}),
    ("wide_resnet", {"depth": 16, "width_multiplier": 4}),
    ("wide_resnet", {"depth": 50, "layout": "imagenet"}),
    ("staged", {"stages": "basic_r2_c16 inverted_r2_s2_e4_c24_se4 separable_r2_c24"}),
    ("vgg", {"depth": 11, "width": 16}),
    ("mobilenet_v1", {}),
    ("mobilenet_v2", {}),
    ("mobilenet_v3", {}),
    ("mobilenet_v3", {"variant": "small"}),
    *[("shufflenet_v1", {"groups": groups}) for groups in (1, 2, 3, 4, 8)],
    ("shufflenet_v1", {"residual": False}),
    *[("shufflenet_v2", {"width_multiplier": width}) for width in (0.5, 1.0, 1.5, 2.0)],
    ("shufflenet_v2", {"residual": False}),
    ("efficientnet", {}),
    ("efficientnet_lite", {}),
    ("efficientnet_v2", {"depth_multiplier": 0.3}),
    ("convnext", {"variant": "atto"}),
    ("convnext", {"variant": "atto", "residual": False}),
    ("densenet", {"depth": 40, "layout": "cifar"}),
    ("densenet", {"depth": 40, "layout": "cifar", "residual": False}),
    ("regnet", {}),
    ("regnet", {"variant": "x_400mf"}),
    ("resnet_d", {"depth": 50}),
]


def groups(family: str, **options: object) -> dict[str, arch.ChannelGroup]:
    return {g.name: g for g in arch.channel_groups(arch.build(family, **options))}


def places(group: arch.ChannelGroup) -> set[str]:
    return {f"{'/'.join(place.path)}:{place.side}" for place in group.places}


def test_every_family_is_here() -> None:
    assert {family for family, _ in PUBLISHED} == set(arch.FAMILIES)


def test_a_padded_shortcut_couples_the_first_channels() -> None:
    channel_groups = groups("resnet", depth=8, layout="cifar")
    assert {name: len(group.units) for name, group in channel_groups.items()} == {
        "stem/conv": 16,
        "stage1/block01/conv1": 16,
        "stage2/block01/conv1": 32,
        "stage2/block01/conv2": 16,
        "stage3/block01/conv1": 64,
        "stage3/block01/conv2": 32,
    }
    assert places(channel_groups["stage1/block01/conv1"]) == {
        "stage1/block01/conv1:out",
        "stage1/block01/norm1:out",
        "stage1/block01/conv2:in",
    }
    stream = channel_groups["stem/conv"]
    assert {"stem/norm:out", "stage3/block01/conv2:out", "head/dense:in"} <= places(stream)
    assert all(index == (number,) for number, unit in enumerate(stream.units) for index in unit)
    assert channel_groups["stage3/block01/conv2"].units[0] == ((32,),) * 4


def test_a_projected_shortcut_couples_its_own_output() -> None:
    channel_groups = groups("resnet", depth=8, layout="cifar", shortcut="B")
    assert places(channel_groups["stage2/block01/conv2"]) == {
        "stage2/block01/conv2:out",
        "stage2/block01/norm2:out",
        "stage2/block01/shortcut_conv:out",
        "stage2/block01/shortcut_norm:out",
        "stage2/block01:out",
        "stage3/block01/conv1:in",
        "stage3/block01/shortcut_conv:in",
    }
    assert "stage2/block01/conv1:in" in places(channel_groups["stem/conv"])


def test_a_gate_and_a_depthwise_kernel_go_with_their_channels() -> None:
    channel_groups = groups("efficientnet")
    block = "stage2/block01"
    assert places(channel_groups[f"{block}/conv1"]) == {
        f"{block}/{name}"
        for name in (
            "conv1:out",
            "norm1:out",
            "conv2:out",
            "norm2:out",
            "squeeze_excite/conv1:in",
            "squeeze_excite/conv2:out",
            "conv3:in",
        )
    }
    assert places(channel_groups[f"{block}/squeeze_excite/conv1"]) == {
        f"{block}/squeeze_excite/conv1:out",
        f"{block}/squeeze_excite/conv2:in",
    }


def test_dense_layers_read_a_channel_once_for_each_average() -> None:
    last = groups("vgg", depth=11, width=4)["stage4/block02/conv1"]
    unit = dict(zip(last.places, last.units[5], strict=True))
    read = next(indices for place, indices in unit.items() if place.path[-1] == "hidden1")
    assert read == tuple(range(5, 7 * 7 * 32, 32))


def test_grouped_convolutions_lose_the_same_number_from_each_group() -> None:
    channel_groups = groups("shufflenet_v1", groups=3)
    inner = channel_groups["stage2/block02/conv1"]
    for number, place in enumerate(inner.places):
        for unit in inner.units:
            parts = [index * 3 // place.channels for index in unit[number]]
            assert [parts.count(part) for part in range(3)] == [3, 3, 3]


@pytest.mark.parametrize(
    ("family", "options", "count"),
    [
        ("resnet", {"depth": 50}, 37),
        ("densenet", {"depth": 121}, 120),
        ("regnet", {"variant": "y_400mf"}, 53),
        ("regnet", {"variant": "x_400mf"}, 49),
        ("resnet_d", {"depth": 50}, 39),
        ("efficientnet_v2", {"variant": "s"}, 75),
        ("convnext", {"variant": "tiny"}, 22),
    ],
)
def test_there_are_as_many_groups_as_torch_pruning_finds(
    family: str, options: dict, count: int
) -> None:
    """torch-pruning 1.6 on torchvision's and timm's nets, the last layer left out."""
    assert len(groups(family, **options)) == count


@pytest.mark.parametrize(("family", "options"), sampled(PUBLISHED, 3))
def test_a_narrowed_net_has_the_same_layers_with_the_channels_that_stay(
    family: str, options: dict
) -> None:
    spec = arch.build(family, **options)
    channel_groups = arch.channel_groups(spec)
    assert len({group.name for group in channel_groups}) == len(channel_groups)
    draw = random.Random(0)
    keep = {g.name: [draw.random() < 0.5 for _ in g.units[1:]] + [True] for g in channel_groups}
    smaller = arch.narrow(spec, keep)
    left = arch.remaining(channel_groups, keep)
    outputs = {place.path: len(indices) for place, indices in left.items() if place.side == "out"}
    before = arch.layer_costs(spec, (224, 224, 3))
    after = arch.layer_costs(smaller, (224, 224, 3))
    assert [entry.path for entry in after] == [entry.path for entry in before]
    for old, new in zip(before, after, strict=True):
        assert type(old.layer) is type(new.layer)
        if hasattr(old.layer, "name"):
            assert new.shape[2] == outputs.get(old.path, old.shape[2]), old.path
    assert sum(entry.macs for entry in after) < sum(entry.macs for entry in before)


@pytest.mark.parametrize(("family", "options"), PUBLISHED)
def test_no_channel_is_in_two_units(family: str, options: dict) -> None:
    seen: dict[arch.Place, set[int]] = {}
    spec = arch.build(family, **options)
    first = "conv1" if spec.stem.inner else "conv"
    for group in arch.channel_groups(spec):
        assert len(group.units) > 1
        for unit in group.units:
            for place, indices in zip(group.places, unit, strict=True):
                assert seen.setdefault(place, set()).isdisjoint(indices)
                seen[place].update(indices)
    assert not any(place.path == ("head", "dense") and place.side == "out" for place in seen)
    assert not any(place.path == ("stem", first) and place.side == "in" for place in seen)


def test_channels_that_do_not_divide_into_groups_are_refused() -> None:
    spec = arch.build("shufflenet_v1", groups=3)
    spec = dataclasses.replace(spec, stem=dataclasses.replace(spec.stem, filters=25))
    with pytest.raises(InputError, match="cannot divide 60 and 215 channels by 3"):
        arch.cost(spec, (32, 32, 3))
