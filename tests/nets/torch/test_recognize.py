"""A file of weights tells which net it is of, by names and shapes alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch_reference import torch_shapes

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets.torch.names import STYLES

NETS = [
    ("torchvision", "resnet", {"depth": 18}),
    ("torchvision", "resnet", {"depth": 152}),
    ("torchvision", "resnet", {"depth": 20, "layout": "cifar", "shortcut": "B"}),
    ("torchvision", "resnet", {"depth": 18, "layout": "small"}),
    ("torchvision", "resnet", {"depth": 50, "norm": "group"}),
    ("torchvision", "resnext", {"depth": 101, "width_per_group": 8}),
    ("torchvision", "wide_resnet", {"depth": 50, "layout": "imagenet"}),
    ("torchvision", "resnet_d", {"depth": 50}),
    ("torchvision", "se_resnet", {"depth": 50}),
    ("torchvision", "vgg", {"depth": 16, "norm": "none"}),
    ("torchvision", "vgg", {"depth": 16}),
    ("torchvision", "mobilenet_v2", {"width_multiplier": 1.4}),
    ("torchvision", "mobilenet_v3", {"variant": "small"}),
    ("torchvision", "shufflenet_v2", {"width_multiplier": 0.5}),
    ("torchvision", "efficientnet", {"variant": "b3"}),
    ("torchvision", "efficientnet_v2", {"variant": "m"}),
    ("torchvision", "convnext", {"variant": "base"}),
    ("torchvision", "densenet", {"depth": 169}),
    ("torchvision", "densenet", {"depth": 40, "layout": "cifar", "growth_rate": 24}),
    ("torchvision", "regnet", {"variant": "x_3.2gf"}),
    ("timm", "vgg", {"depth": 11}),
    ("timm", "mobilenet_v2", {}),
    ("timm", "mobilenet_v3", {"variant": "large"}),
    ("timm", "efficientnet", {"variant": "b1"}),
    ("timm", "efficientnet_lite", {"variant": "lite0"}),
    ("timm", "efficientnet_v2", {"variant": "s"}),
    ("timm", "convnext", {"variant": "femto"}),
    ("timm", "regnet", {"variant": "y_800mf"}),
    ("efficientnet_pytorch", "efficientnet", {"variant": "b7"}),
    ("efficientnet_pytorch", "efficientnet_lite", {"variant": "lite2"}),
    ("Hugging Face", "resnet", {"depth": 34}),
    ("Hugging Face", "convnext", {"variant": "small"}),
    ("ConvNeXt's authors", "convnext", {"variant": "tiny"}),
    ("CIFAR-10 code", "resnet", {"depth": 56, "layout": "cifar"}),
    ("CIFAR-10 code", "resnet", {"depth": 50, "layout": "small"}),
]


def file_of(style: str, spec: arch.ArchSpec) -> dict[str, np.ndarray]:
    """Returns arrays of these names and shapes, that need no memory."""
    zero = np.zeros((), np.float32)
    return {name: np.broadcast_to(zero, shape) for name, shape in torch_shapes(spec, style).items()}


def test_every_style_and_family_is_here() -> None:
    """Keras's are in ``test_keras``."""
    named = {
        (style, family)
        for style, families in STYLES.items()
        for family in families
        if style != nets.KERAS
    }
    assert {net[:2] for net in NETS} == {pair for pair in named if pair[1] != "plain"}


@pytest.mark.parametrize(("style", "family", "options"), NETS, ids=str)
def test_a_net_is_told_from_names_and_shapes(style: str, family: str, options: dict) -> None:
    spec = arch.build(family, num_classes=7, **options)
    state = file_of(style, spec)
    (net,) = nets.recognize(state)
    assert (net.family, net.style, net.spec.head.num_classes) == (family, style, 7)
    built = arch.build(net.family, num_classes=7, **net.options)
    assert (built.stem, built.stages, built.head) == (spec.stem, spec.stages, spec.head)
    assert net.spec.stages == spec.stages


@pytest.mark.parametrize(("style", "family", "options"), NETS[::6], ids=str)
def test_a_net_without_its_head_is_told_as_well(style: str, family: str, options: dict) -> None:
    spec = arch.build(family, num_classes=7, **options)
    whole = file_of(style, spec)
    last = list(whole)[-2:]
    state = {name: x for name, x in whole.items() if name not in last}
    (net,) = nets.recognize(state)
    assert (net.family, net.spec.head.num_classes) == (family, 0)


def test_another_net_is_none() -> None:
    state = file_of("torchvision", arch.build("resnet", depth=18))
    state["layer1.0.conv1.weight"] = np.zeros((64, 64, 5, 5), np.float32)
    assert list(nets.recognize(state)) == []
    assert list(nets.recognize({})) == []


@pytest.mark.parametrize(
    "state",
    [
        {"layer1.0.conv1.weight": (4, 4, 3, 3), "layer1.99999999.conv1.weight": (4, 4, 3, 3)},
        {f"layer1.{number}.conv1.weight": (4, 4, 3, 3) for number in (0, 1, 3)},
        {"layer1.0.conv1.weight": (4, 4, 3, 3), "conv1.weight": ()},
        {"layer1.0.conv1.weight": (4, 4, 3, 3), "conv1.weight": (0, 3, 3, 3)},
        {
            "features.denseblock1.denselayer1.conv2.weight": (),
            "features.denseblock1.denselayer99999999.conv2.weight": (4, 4, 3, 3),
        },
    ],
)
def test_names_alone_do_not_make_a_deep_net(
    state: dict[str, tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    depths = []

    def build(family: str, depth: int = 0, **options: Any) -> arch.ArchSpec:
        depths.append(depth)
        return arch.build("resnet", depth=18)

    monkeypatch.setattr("depthstudy.nets.torch.recognize.arch", SimpleNamespace(build=build))
    arrays = {"conv1.weight": np.zeros((4, 3, 3, 3))}
    arrays |= {name: np.zeros(shape) for name, shape in state.items()}
    assert list(nets.recognize(arrays)) == []
    assert max(depths) <= 264  # the deepest that is published


def test_a_last_layer_without_axes_is_refused() -> None:
    spec = arch.build("resnet", depth=8, layout="cifar", width=2, shortcut="B", num_classes=2)
    state = file_of("torchvision", spec) | {"fc.weight": np.zeros(())}
    assert list(nets.recognize(state)) == []
    with pytest.raises(InputError, match=r"fc\.weight is a single number"):
        nets.count_classes(spec, state)


def test_a_family_can_be_the_only_one_that_is_tried() -> None:
    state = file_of("torchvision", arch.build("resnet", depth=18))
    assert [net.label for net in nets.recognize(state, "resnet")] == ["resnet, depth=18"]
    assert list(nets.recognize(state, "vgg")) == []


def test_padding_and_epsilon_are_those_of_the_package() -> None:
    spec = arch.build("efficientnet", variant="b0")
    written = nets.as_written(spec, "efficientnet_pytorch", ())
    assert (written.padding, written.norm_epsilon) == ("same", 1e-3)
    asked = nets.as_written(spec, "efficientnet_pytorch", ("padding",))
    assert (asked.padding, asked.norm_epsilon) == ("torch", 1e-3)
    assert nets.as_written(spec, "torchvision", ()) == spec
    ported = arch.build("mobilenet_v3", padding="same")
    assert nets.as_written(ported, "timm", ("padding",)).norm_epsilon == 1e-3
    assert nets.as_written(arch.build("mobilenet_v3"), "timm", ()).norm_epsilon == 1e-5


@pytest.mark.parametrize(
    ("family", "variant", "padding", "epsilon"),
    [
        ("efficientnet_lite", "lite0", "torch", 1e-5),
        ("efficientnet_lite", "lite1", "same", 1e-3),
        ("efficientnet_lite", "lite4", "same", 1e-3),
        ("efficientnet", "b5", "torch", 1e-5),
        ("efficientnet", "b7", "same", 1e-3),
        ("efficientnet_v2", "s", "same", 1e-3),
    ],
)
def test_nets_that_timm_has_from_tensorflow_alone_are_as_there(
    family: str, variant: str, padding: str, epsilon: float
) -> None:
    written = nets.as_written(arch.build(family, variant=variant), "timm", ("variant",))
    assert (written.padding, written.norm_epsilon) == (padding, epsilon)


def test_numbers_that_are_not_finite_are_refused_by_name() -> None:
    spec = arch.build("resnet", depth=8, layout="cifar", width=2, shortcut="B", num_classes=2)
    state = {name: np.ones(x.shape) for name, x in file_of("torchvision", spec).items()}
    nets.load_torch(spec, state)
    for value in (np.nan, np.inf):
        state["bn1.running_var"] = np.array([1.0, value])
        with pytest.raises(
            InputError, match=r"1 array with .* not finite \(bn1.running_var, ...\)"
        ):
            nets.load_torch(spec, state)
