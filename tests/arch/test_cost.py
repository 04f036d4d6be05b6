"""Costs against published numbers and closed forms."""

import pytest

from depthstudy import arch

# torchvision 0.20, 1000 classes; He et al. 2015 and the usual CIFAR-10 code with option A.
PARAMETERS = {
    ("plain", 20, "cifar"): 269_722,  # as the ResNet: option A has no parameters
    ("preact_resnet", 20, "cifar"): 269_722,  # the last normalisation moves to the head
    ("resnet", 18, "imagenet"): 11_689_512,
    ("resnet", 34, "imagenet"): 21_797_672,
    ("resnet", 50, "imagenet"): 25_557_032,
    ("resnet", 101, "imagenet"): 44_549_160,
    ("resnet", 152, "imagenet"): 60_192_808,
    ("resnet", 20, "cifar"): 269_722,
    ("resnet", 32, "cifar"): 464_154,
    ("resnet", 44, "cifar"): 658_586,
}
SIDE = {"cifar": 32, "imagenet": 224}


def build(family: str, depth: int, layout: str) -> arch.ArchSpec:
    return arch.build(family, depth=depth, layout=layout)


def test_every_family_is_pinned() -> None:
    assert {family for family, _, _ in PARAMETERS} == set(arch.FAMILIES)


@pytest.mark.parametrize("member", PARAMETERS, ids=str)
def test_parameters_are_the_published_ones(member: tuple[str, int, str]) -> None:
    side = SIDE[member[2]]
    assert arch.cost(build(*member), (side, side, 3)).parameters == PARAMETERS[member]


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
    # Each 3x3 convolution adds two pixels times the distance of neighbours; the first one of a
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
