"""Costs against published numbers and closed forms."""

import pytest

from depthstudy import arch
from depthstudy.errors import InputError

C10 = {"layout": "cifar"}

# torchvision 0.29, 1000 classes; He et al. 2015 and the usual CIFAR-10 code with option A;
# the authors' code for wide ResNets; TensorFlow's for MobileNetV1 and EfficientNet-Lite; the
# counts that pytorchcv (osmr/imgclsmob) asserts for SE-ResNets, of which timm's seresnet50 is one,
# and for DenseNets on CIFAR-10; timm 1.0 for ResNet-D and for the smallest ConvNeXt.
PARAMETERS = [
    ("plain", {"depth": 20, **C10}, 269_722),  # as the ResNet: option A has no parameters
    ("preact_resnet", {"depth": 20, **C10}, 269_722),  # the last norm moves to the head
    ("resnet", {"depth": 18}, 11_689_512),
    ("resnet", {"depth": 34}, 21_797_672),
    ("resnet", {"depth": 50}, 25_557_032),
    ("resnet", {"depth": 101}, 44_549_160),
    ("resnet", {"depth": 152}, 60_192_808),
    ("resnet", {"depth": 20, **C10}, 269_722),
    ("resnet", {"depth": 32, **C10}, 464_154),
    ("resnet", {"depth": 44, **C10}, 658_586),
    ("resnext", {"depth": 50, "groups": 32, "width_per_group": 4}, 25_028_904),
    ("resnext", {"depth": 101, "groups": 32, "width_per_group": 8}, 88_791_336),
    ("se_resnet", {"depth": 20, "shortcut": "B", **C10}, 274_847),
    ("se_resnet", {"depth": 56, "shortcut": "B", **C10}, 862_889),
    ("se_resnet", {"depth": 18}, 11_778_592),
    ("se_resnet", {"depth": 34}, 21_958_868),
    ("se_resnet", {"depth": 50, "reduction": 16}, 28_088_024),
    ("se_resnet", {"depth": 101}, 49_326_872),
    ("staged", {}, 272_474),  # a ResNet-20 with option B, as chenyaofo/pytorch-cifar-models
    ("wide_resnet", {"depth": 28, "width_multiplier": 10}, 36_479_194),
    ("wide_resnet", {"depth": 40, "width_multiplier": 4}, 8_949_210),
    ("wide_resnet", {"depth": 50, "layout": "imagenet"}, 68_883_240),
    ("wide_resnet", {"depth": 101, "layout": "imagenet"}, 126_886_696),
    ("vgg", {"depth": 11, "norm": "none"}, 132_863_336),
    ("vgg", {"depth": 11}, 132_868_840),
    ("vgg", {"depth": 13, "norm": "none"}, 133_047_848),
    ("vgg", {"depth": 13}, 133_053_736),
    ("vgg", {"depth": 16, "norm": "none"}, 138_357_544),
    ("vgg", {"depth": 16}, 138_365_992),
    ("vgg", {"depth": 19, "norm": "none"}, 143_667_240),
    ("vgg", {"depth": 19}, 143_678_248),
    ("mobilenet_v1", {}, 4_231_976),
    ("mobilenet_v2", {}, 3_504_872),
    ("mobilenet_v3", {"variant": "large"}, 5_483_032),
    ("mobilenet_v3", {"variant": "small"}, 2_542_856),
    ("shufflenet_v1", {"groups": 1}, 1_531_936),
    ("shufflenet_v1", {"groups": 2}, 1_733_848),
    ("shufflenet_v1", {"groups": 3}, 1_865_728),
    ("shufflenet_v1", {"groups": 4}, 1_968_344),
    ("shufflenet_v1", {"groups": 8}, 2_434_768),
    ("shufflenet_v2", {"width_multiplier": 0.5}, 1_366_792),
    ("shufflenet_v2", {"width_multiplier": 1.0}, 2_278_604),
    ("shufflenet_v2", {"width_multiplier": 1.5}, 3_503_624),
    ("shufflenet_v2", {"width_multiplier": 2.0}, 7_393_996),
    ("efficientnet", {"variant": "b0"}, 5_288_548),
    ("efficientnet", {"variant": "b1"}, 7_794_184),
    ("efficientnet", {"variant": "b2"}, 9_109_994),
    ("efficientnet", {"variant": "b3"}, 12_233_232),
    ("efficientnet", {"variant": "b4"}, 19_341_616),
    ("efficientnet", {"variant": "b5"}, 30_389_784),
    ("efficientnet", {"variant": "b6"}, 43_040_704),
    ("efficientnet", {"variant": "b7"}, 66_347_960),
    ("efficientnet_lite", {"variant": "lite0"}, 4_652_008),
    ("efficientnet_lite", {"variant": "lite1"}, 5_416_680),
    ("efficientnet_lite", {"variant": "lite2"}, 6_092_072),
    ("efficientnet_lite", {"variant": "lite3"}, 8_197_096),
    ("efficientnet_lite", {"variant": "lite4"}, 13_006_568),
    ("efficientnet_v2", {"variant": "s"}, 21_458_488),
    ("efficientnet_v2", {"variant": "m"}, 54_139_356),
    ("efficientnet_v2", {"variant": "l"}, 118_515_272),
    ("convnext", {"variant": "atto"}, 3_695_520),
    ("convnext", {"variant": "tiny"}, 28_589_128),
    ("convnext", {"variant": "small"}, 50_223_688),
    ("convnext", {"variant": "base"}, 88_591_464),
    ("convnext", {"variant": "large"}, 197_767_336),
    ("densenet", {"depth": 121}, 7_978_856),
    ("densenet", {"depth": 161}, 28_681_000),
    ("densenet", {"depth": 169}, 14_149_480),
    ("densenet", {"depth": 201}, 20_013_928),
    ("densenet", {"depth": 100, **C10}, 769_162),
    ("densenet", {"depth": 190, "growth_rate": 40, **C10}, 25_624_430),
    ("densenet", {"depth": 250, "growth_rate": 24, **C10}, 15_324_406),
    ("regnet", {"variant": "x_400mf"}, 5_495_976),
    ("regnet", {"variant": "x_800mf"}, 7_259_656),
    ("regnet", {"variant": "x_1.6gf"}, 9_190_136),
    ("regnet", {"variant": "x_3.2gf"}, 15_296_552),
    ("regnet", {"variant": "x_8gf"}, 39_572_648),
    ("regnet", {"variant": "x_16gf"}, 54_278_536),
    ("regnet", {"variant": "x_32gf"}, 107_811_560),
    ("regnet", {"variant": "y_400mf"}, 4_344_144),
    ("regnet", {"variant": "y_800mf"}, 6_432_512),
    ("regnet", {"variant": "y_1.6gf"}, 11_202_430),
    ("regnet", {"variant": "y_3.2gf"}, 19_436_338),
    ("regnet", {"variant": "y_8gf"}, 39_381_472),
    ("regnet", {"variant": "y_16gf"}, 83_590_140),
    ("regnet", {"variant": "y_32gf"}, 145_046_770),
    ("resnet_d", {"depth": 50}, 25_576_264),
    ("resnet_d", {"depth": 101}, 44_568_392),
]

# Multiply-accumulates, in millions, on images of so many pixels: torchvision's metadata, and
# Howard et al. 2017 for MobileNetV1.
MEGAMACS = [
    ("wide_resnet", {"depth": 50, "layout": "imagenet"}, 224, 11_398),
    ("resnext", {"depth": 50}, 224, 4230),
    ("resnext", {"depth": 101, "width_per_group": 8}, 224, 16_414),
    ("vgg", {"depth": 11}, 224, 7609),
    ("vgg", {"depth": 19}, 224, 19_632),
    ("mobilenet_v1", {}, 224, 569),
    ("mobilenet_v2", {}, 224, 301),
    ("mobilenet_v3", {"variant": "large"}, 224, 217),
    ("mobilenet_v3", {"variant": "small"}, 224, 57),
    ("shufflenet_v2", {"width_multiplier": 1.0}, 224, 145),
    ("shufflenet_v2", {"width_multiplier": 1.5}, 224, 296),
    ("shufflenet_v2", {"width_multiplier": 2.0}, 224, 583),
    ("efficientnet_v2", {"variant": "s"}, 384, 8366),
    ("efficientnet_v2", {"variant": "m"}, 480, 24_582),
    ("efficientnet_v2", {"variant": "l"}, 480, 56_080),
    ("convnext", {"variant": "tiny"}, 224, 4456),
    ("convnext", {"variant": "base"}, 224, 15_355),
    ("densenet", {"depth": 121}, 224, 2834),
    ("densenet", {"depth": 161}, 224, 7728),
    ("regnet", {"variant": "x_400mf"}, 224, 414),
    ("regnet", {"variant": "y_400mf"}, 224, 402),
    ("regnet", {"variant": "y_8gf"}, 224, 8473),
    ("resnet_d", {"depth": 50}, 224, 4354),
    ("efficientnet", {"variant": "b0"}, 224, 386),
    ("efficientnet", {"variant": "b1"}, 240, 687),
    ("efficientnet", {"variant": "b2"}, 288, 1088),
    ("efficientnet", {"variant": "b3"}, 300, 1827),
    ("efficientnet", {"variant": "b4"}, 380, 4394),
    ("efficientnet", {"variant": "b5"}, 456, 10_266),
    ("efficientnet", {"variant": "b6"}, 528, 19_068),
    ("efficientnet", {"variant": "b7"}, 600, 37_746),
]


def build(family: str, depth: int, layout: str) -> arch.ArchSpec:
    return arch.build(family, depth=depth, layout=layout)


def test_every_family_is_pinned() -> None:
    assert {family for family, _, _ in PARAMETERS} == set(arch.FAMILIES)


@pytest.mark.parametrize(("family", "options", "parameters"), PARAMETERS, ids=str)
def test_parameters_are_the_published_ones(family: str, options: dict, parameters: int) -> None:
    assert arch.cost(arch.build(family, **options), (64, 64, 3)).parameters == parameters


@pytest.mark.parametrize(("family", "options", "side", "megamacs"), MEGAMACS, ids=str)
def test_macs_of_other_families(family: str, options: dict, side: int, megamacs: float) -> None:
    macs = arch.cost(arch.build(family, **options), (side, side, 3)).macs
    assert macs / 1e6 == pytest.approx(megamacs, rel=0.01)


@pytest.mark.parametrize(("groups", "megamacs"), [(1, 143), (2, 140), (3, 137), (4, 133), (8, 137)])
def test_macs_of_shufflenets(groups: int, megamacs: float) -> None:
    """Zhang et al. 2018, table 1, which leaves the dense layer out."""
    layers = arch.layer_costs(arch.build("shufflenet_v1", groups=groups), (224, 224, 3))
    assert sum(layer.macs for layer in layers[:-1]) / 1e6 == pytest.approx(megamacs, rel=0.005)


def test_a_bottleneck_of_shufflenet_costs_what_the_paper_says() -> None:
    """Zhang et al. 2018, section 3.2: hw(2cm/g + 9m) for c channels and m inside."""
    spec = arch.build("shufflenet_v1", groups=3)
    layers = [c for c in arch.layer_costs(spec, (224, 224, 3)) if c.path[1:2] == ("block02",)]
    macs = sum(layer.macs for layer in layers if layer.path[0] == "stage2")
    assert macs == 14 * 14 * (2 * 480 * 120 // 3 + 9 * 120)


def test_gates_are_counted_but_not_walked_through() -> None:
    spec = arch.build("efficientnet")
    layers = arch.layer_costs(spec, (224, 224, 3))
    gate = [c for c in layers if c.path[:3] == ("stage2", "block01", "squeeze_excite")]
    assert [c.parameters for c in gate] == [96 * 4 + 4, 4 * 96 + 96]
    assert [c.shape for c in gate] == [(1, 1, 4), (1, 1, 96)]
    # Three convolutions in each of 15 blocks and two in the first one, stem, head and dense layer.
    assert arch.cost(spec, (224, 224, 3)).depth == 3 * 15 + 2 + 3


def test_images_too_small_are_refused() -> None:
    with pytest.raises(InputError, match="vgg on images of 8x8: stage5/block01 has a window of 2"):
        arch.cost(arch.build("vgg", depth=16), (8, 8, 3))


@pytest.mark.parametrize(
    ("depth", "millions"),
    [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7), (1202, 19.4)],
)
def test_cifar_parameters_as_in_the_paper(depth: int, millions: float) -> None:
    parameters = arch.cost(build("resnet", depth, "cifar"), (32, 32, 3)).parameters
    assert parameters / 1e6 == pytest.approx(millions, rel=0.02)


@pytest.mark.parametrize(
    ("depth", "gigamacs"), [(18, 1.81), (34, 3.66), (50, 4.09), (101, 7.80), (152, 11.51)]
)
def test_macs_are_the_published_ones(depth: int, gigamacs: float) -> None:
    macs = arch.cost(build("resnet", depth, "imagenet"), (224, 224, 3)).macs
    assert macs / 1e9 == pytest.approx(gigamacs, abs=0.005)


@pytest.mark.parametrize("depth", [8, 20, 56, 110])
def test_cifar_closed_forms(depth: int) -> None:
    """With n = (depth - 2) / 6 blocks in each of three stages of widths 16, 32 and 64."""
    n = (depth - 2) // 6
    cost = arch.cost(build("resnet", depth, "cifar"), (32, 32, 3))
    assert cost.depth == depth
    # Each 3x3 convolution adds two pixels times the distance of neighbors; the first one of a
    # stage still sees the finer grid.
    assert cost.receptive_field == 3 + 4 * n + (2 + 4 * (2 * n - 1)) + (4 + 8 * (2 * n - 1))
    assert cost.activations == 16 * 1024 * (1 + 2 * n) + 32 * 256 * 2 * n + 64 * 64 * 2 * n + 10


@pytest.mark.parametrize(
    ("depth", "side"), [(18, 435), (34, 899), (50, 427), (101, 971), (152, 1451)]
)
def test_imagenet_receptive_fields(depth: int, side: int) -> None:
    """Araujo et al. 2019, "Computing Receptive Fields", with the stride on the 3x3 convolution."""
    assert arch.cost(build("resnet", depth, "imagenet"), (224, 224, 3)).receptive_field == side


def test_option_b_adds_two_projections() -> None:
    without = arch.cost(build("resnet", 20, "cifar"), (32, 32, 3)).parameters
    spec = arch.build("resnet", depth=20, layout="cifar", shortcut="B")
    extra = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert arch.cost(spec, (32, 32, 3)).parameters - without == extra


def test_layer_costs_add_up_and_are_named() -> None:
    spec = build("resnet", 50, "imagenet")
    layers = arch.layer_costs(spec, (64, 64, 3))
    total = arch.cost(spec, (64, 64, 3))
    assert sum(layer.parameters for layer in layers) == total.parameters
    named = [layer.path for layer in layers if layer.parameters]
    assert len(set(named)) == len(named)
    assert ("stage3", "block02", "conv2") in named
    fields = [layer.field for layer in layers if "shortcut" not in layer.path[-1]]
    assert fields == sorted(fields)
