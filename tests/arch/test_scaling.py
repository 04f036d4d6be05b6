"""Scaling is from value to value, and gives the published nets from their smallest."""

import dataclasses

import pytest

from depthstudy import arch
from depthstudy.errors import InputError

# Width, depth and side of Tan & Le's nets, as published with their weights.
EFFICIENTNETS = {
    "b1": (1.0, 1.1, 240),
    "b3": (1.2, 1.4, 300),
    "b4": (1.4, 1.8, 380),
    "b7": (2.0, 3.1, 600),
}


def filters(spec: arch.ArchSpec) -> list[int]:
    return [stage[-1].filters for stage in spec.stages]


def counts(spec: arch.ArchSpec) -> list[int]:
    return [len(stage) for stage in spec.stages]


@pytest.mark.parametrize("variant", EFFICIENTNETS)
def test_scaling_b0_gives_the_others(variant: str) -> None:
    width, depth, side = EFFICIENTNETS[variant]
    scaled = arch.scale_depth(arch.scale_width(arch.build("efficientnet"), width), depth)
    scaled = arch.scale_resolution(scaled, side / 224)
    other = arch.build("efficientnet", variant=variant)
    assert (scaled.stem, scaled.stages) == (other.stem, other.stages)
    assert scaled.head.filters == other.head.filters
    assert scaled.resolution == other.resolution == side


@pytest.mark.parametrize("family", ["mobilenet_v1", "mobilenet_v2", "efficientnet"])
def test_the_option_width_multiplier_is_scale_width(family: str) -> None:
    scaled = arch.scale_width(arch.build(family), 1.4)
    assert scaled == arch.build(family, width_multiplier=1.4)


def test_compound_scaling_about_doubles_the_work() -> None:
    """Blocks are rounded up, so it is a little more."""
    spec = arch.build("efficientnet")
    macs = []
    for phi in range(5):
        scaled = arch.scale_compound(spec, phi)
        macs.append(arch.cost(scaled, (scaled.resolution, scaled.resolution, 3)).macs)
    assert macs[0] == arch.cost(spec, (224, 224, 3)).macs
    assert (macs[4] / macs[0]) ** 0.25 == pytest.approx(2, rel=0.1)


def test_each_alone_leaves_the_others() -> None:
    spec = arch.build("resnet", depth=18)
    deeper, wider = arch.scale_depth(spec, 1.5), arch.scale_width(spec, 1.5)
    assert (counts(deeper), filters(deeper)) == ([3, 3, 3, 3], filters(spec))
    assert (counts(wider), filters(wider)) == (counts(spec), [96, 192, 384, 768])
    larger = arch.scale_resolution(spec, 2)
    assert larger == dataclasses.replace(spec, resolution=448)


def test_depth_can_shrink_and_keeps_one_block() -> None:
    spec = arch.scale_depth(arch.build("mobilenet_v2"), 0.3)
    assert counts(spec) == [1, 1, 1, 2, 1, 1, 1]


def test_a_single_inverted_block_is_repeated_at_its_own_width() -> None:
    """MobileNetV2's last stage: 160 channels to 320 by 960, then 320 to 320 by 1920."""
    first, second = arch.scale_depth(arch.build("mobilenet_v2"), 2).stages[-1]
    assert (first.inner, second.inner) == (960, 1920)
    assert second.stride == 1


@pytest.mark.parametrize("family", sorted(arch.FAMILIES))
@pytest.mark.parametrize("multiplier", [0.5, 1.3])
def test_every_family_can_be_scaled(family: str, multiplier: float) -> None:
    depth = {"vgg": 16, "wide_resnet": 16, "resnext": 50, "densenet": 121}.get(family, 18)
    needs = "resne" in family or family in ("plain", "vgg", "densenet")
    spec = arch.build(family, **({"depth": depth} if needs else {}))
    base = arch.cost(spec, (64, 64, 3))
    for scale, power in ((arch.scale_width, 1.0), (arch.scale_depth, 0.2)):
        ratio = arch.cost(scale(spec, multiplier), (64, 64, 3)).macs / base.macs
        assert (ratio > multiplier**power) == (multiplier > 1)


def test_what_cannot_be_scaled_is_refused() -> None:
    spec = arch.build("resnet", depth=20, layout="cifar")
    with pytest.raises(InputError, match="no resolution"):
        arch.scale_resolution(spec, 2)
    with pytest.raises(InputError, match="above 0"):
        arch.scale_width(spec, 0)
