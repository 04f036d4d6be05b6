"""Detectors as values, against published counts and closed forms."""

import dataclasses

import pytest

from depthstudy import arch
from depthstudy.arch.detection.spec import tapped_levels
from depthstudy.errors import InputError

# Tan, Pang & Le 2020 and google/automl, 90 classes: side of the images, parameters of backbone,
# pyramid and heads, multiply-accumulates of convolutions; and layers on the longest path.
PUBLISHED = {
    "d0": (512, (3_595_388, 196_281, 69_354, 19_044), 2_492_331_520, 105),
    "d1": (640, (6_101_024, 390_972, 101_394, 32_508), 6_003_416_880, 141),
    "d2": (768, (7_202_562, 708_159, 136_890, 49_428), 10_832_466_688, 157),
    "d3": (896, (10_103_336, 1_559_474, 247_050, 122_436), 24_568_753_664, 184),
    "d4": (1024, (16_742_216, 3_349_829, 402_890, 228_740), 54_583_712_096, 218),
    "d5": (1280, (27_288_112, 5_405_893, 591_498, 367_812), 134_133_865_152, 238),
    "d6": (1280, (39_403_992, 10_583_808, 1_090_986, 792_996), 224_121_477_984, 274),
    "d7": (1536, (39_403_992, 10_583_808, 1_090_986, 792_996), 322_731_636_576, 274),
    "d7x": (1536, (62_143_440, 13_112_064, 1_094_826, 796_836), 407_628_345_344, 335),
}


@pytest.mark.parametrize("variant", PUBLISHED)
def test_costs_are_the_published_ones(variant: str) -> None:
    side, parameters, macs, depth = PUBLISHED[variant]
    spec = arch.build("efficientdet", variant=variant, num_classes=90)
    cost = arch.cost(spec, (side, side, 3))
    parts = dict.fromkeys(("backbone", "pyramid", "class_head", "box_head"), 0)
    for layer in arch.layer_costs(spec, (side, side, 3)):
        parts[layer.path[0] if layer.path[0] in parts else "backbone"] += layer.parameters
    assert tuple(parts.values()) == parameters
    assert (cost.parameters, cost.macs, cost.depth) == (sum(parameters), macs, depth)
    assert spec.resolution == side


# The nets that effdet trained anew: no bias before normalizations.
@pytest.mark.parametrize(
    ("variant", "parameters"),
    [("d0", 3_877_763), ("d1", 6_622_026), ("d2", 8_091_215), ("d3", 12_022_376)],
)
def test_nets_without_redundant_biases(variant: str, parameters: int) -> None:
    spec = arch.build("efficientdet", variant=variant, padding="torch", num_classes=90)
    assert arch.cost(spec, (512, 512, 3)).parameters == parameters


def test_every_detector_survives_json() -> None:
    options = {
        "efficientdet": {"variant": "d6", "num_classes": 3, "residual_pyramid": True},
        "detector": {"backbone": "resnet", "depth": 20, "layout": "cifar", "fusion": "sum"},
    }
    assert set(options) == set(arch.DETECTORS)
    for family, given in options.items():
        spec = arch.build(family, **given)
        assert isinstance(spec, arch.DetectorSpec)
        assert arch.spec_from_json(spec.to_json()) == spec


def test_depth_is_an_axis_of_each_part() -> None:
    def depth(**options: object) -> int:
        spec = arch.build("efficientdet", variant="d0", num_classes=5, **options)
        return arch.cost(spec, (128, 128, 3)).depth

    base = depth()
    assert depth(cells=4) - base == 16  # eight nodes of two convolutions
    assert depth(head_repeats=5) - base == 4
    deeper = arch.build("efficientnet", variant="b0", depth_multiplier=1.4)
    plain = arch.build("efficientnet", variant="b0")
    more = arch.cost(deeper, (128, 128, 3)).depth - arch.cost(plain, (128, 128, 3)).depth
    assert depth(depth_multiplier=1.4) - base == more > 0


def test_a_shortcut_around_cells_costs_nothing() -> None:
    plain = arch.build("detector", depth=8, layout="cifar", cells=4)
    residual = arch.build("detector", depth=8, layout="cifar", cells=4, residual_pyramid=True)
    assert arch.cost(plain, (64, 64, 1)) == arch.cost(residual, (64, 64, 1))


def test_backbones_of_other_families_are_tapped_where_the_stride_ends() -> None:
    assert tapped_levels(arch.build("resnet", depth=50)) == {2: 1, 3: 2, 4: 3, 5: 4}
    for backbone in ("mobilenet_v2", "mobilenet_v3", "shufflenet_v2", "vgg"):
        options = {"depth": 11} if backbone == "vgg" else {}
        spec = arch.build("detector", backbone=backbone, **options)
        assert len(spec.pyramid.levels) == 3
        assert arch.cost(spec, (128, 128, 3)).macs > 0


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("resnet", {"depth": 18}),
        ("mobilenet_v2", {}),
        ("densenet", {"depth": 121}),
        ("convnext", {"variant": "atto"}),
        ("convnext", {"variant": "atto", "layout": "small"}),
    ],
)
def test_a_level_has_the_pixels_of_the_stage_that_it_taps(family: str, options: dict) -> None:
    spec = arch.build(family, **options)
    height_by_stage = {
        layer.path[0]: layer.shape[0] for layer in arch.layer_costs(spec, (256, 256, 3))
    }
    for level, stage in tapped_levels(spec).items():
        assert height_by_stage[f"stage{stage}"] == 256 // 2**level


def test_a_stem_of_patches_counts_all_its_halvings() -> None:
    spec = arch.build("detector", backbone="convnext", variant="atto")
    assert spec.pyramid.levels == (3, 4, 5)
    assert spec.backbone.stem.stride == 4


def test_stages_beyond_the_coarsest_level_are_left_out() -> None:
    spec = arch.build("detector", backbone="resnet", depth=18, layout="imagenet", max_level=4)
    assert len(spec.backbone.stages) == 3
    with pytest.raises(InputError, match="leave out the last stages"):
        dataclasses.replace(
            spec, pyramid=dataclasses.replace(spec.pyramid, min_level=2, max_level=3)
        )


def test_images_of_which_a_level_lacks_a_place_of_anchors_are_refused() -> None:
    """Poolings of VGG leave out the last of 25 pixels, convolutions of ResNet do not."""
    vgg = arch.build("detector", backbone="vgg", depth=11)
    problem = "100x100: level 3 has 12x12 pixels, and anchors at 13x13; take .* multiples of 16"
    with pytest.raises(InputError, match=problem):
        arch.cost(vgg, (100, 100, 3))
    resnet = arch.build("detector", backbone="resnet", depth=18)
    assert arch.cost(resnet, (100, 100, 3)).macs > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "efficientdet", "depth": 8}, "'efficientdet'; did you mean efficientnet"),
        ({"depth": 8, "layout": "cifar", "dropout": 0.1}, "dropout is in the head of resnet"),
        ({"backbone": "resnext", "depth": 50, "min_level": 1, "stem_halvings": 2}, "no blocks at"),
        ({"depth": 8, "layout": "cifar", "cells": 1, "residual_pyramid": True}, "two cells"),
        ({"depth": 8, "layout": "cifar", "cells": 0}, "cells of at least 1"),
        ({"depth": 8, "layout": "cifar", "stem_halvings": 3}, "allowed: 0, 1 or 2"),
        ({"depth": 8, "layout": "cifar", "wdith": 3}, "takes no option 'wdith'"),
        ({"depth": 8, "layout": "cifar", "fusion": "slow"}, "allowed: fast, sum"),
    ],
)
def test_what_is_no_detector_is_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        arch.build("detector", **options)
