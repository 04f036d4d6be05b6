"""Weights by PyTorch's names give PyTorch's logits."""

import dataclasses
import json

import jax
import numpy as np
import pytest
import torch_reference as reference

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets.torch.names import STYLES

STORED = json.loads(reference.FIXTURE.read_text())
SLOW = (  # large, or like another
    *("wide_resnet50_2", "vgg16_bn", "efficientnet_b1", "efficientnet_v2_s", "densenet121"),
    *("convnext_tiny", "regnet_x_400mf", "timm/resnet50d", "timm/resnet50_gn", "timm/vgg11_bn"),
    *("vgg11", "efficientnet_b5"),
)


def members(listed: list[tuple]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("family", "options", "name", "side", "gain"),
        [
            pytest.param(*member, marks=pytest.mark.slow if member[2] in SLOW else (), id=member[2])
            for member in listed
        ],
    )


def build(family: str, options: dict) -> arch.ArchSpec:
    return arch.build(family, num_classes=reference.CLASSES, **options)


def style(spec: arch.ArchSpec, name: str) -> str:
    """Returns whose names a model of this name has; timm's ResNets have torchvision's."""
    if name.startswith("timm/") and spec.family in STYLES["timm"]:
        return "timm"
    return "efficientnet_pytorch" if spec.family == "efficientnet_lite" else "torchvision"


def member(family: str, options: dict, name: str) -> tuple[arch.ArchSpec, dict]:
    """Returns a net as its package applies it, with the names and shapes of its weights."""
    spec = build(family, options)
    spec = nets.as_written(spec, style(spec, name), options)
    return spec, reference.torch_shapes(spec, style(spec, name))


def logits(spec: arch.ArchSpec, shapes: dict, side: int, gain: float) -> np.ndarray:
    return applied(spec, reference.random_state(shapes, reference.SEED, gain), side)


def applied(spec: arch.ArchSpec, state: dict[str, np.ndarray], side: int = 16) -> np.ndarray:
    variables = nets.load_torch(spec, state)
    images = reference.random_images(side, reference.SEED)
    return np.asarray(jax.jit(nets.Network(spec).apply)(variables, images))


@members(reference.MEMBERS)
def test_logits_are_the_stored_ones(
    family: str, options: dict, name: str, side: int, gain: float
) -> None:
    """The stored ones are PyTorch's, for weights made in the same way."""
    spec, shapes = member(family, options, name)
    assert reference.digest(shapes) == STORED[name]["names"]
    expected = np.array(STORED[name]["logits"])
    # Were the two images' logits alike, a wrong layer could hide behind the biases.
    assert np.abs(expected[0] - expected[1]).max() > 0.01 * np.abs(expected).max()
    difference = np.abs(logits(spec, shapes, side, gain) - expected).max() / np.abs(expected).max()
    assert difference < 1e-4


def test_a_wrong_option_shows_in_the_logits() -> None:
    """Padding, epsilon and activation: the usual slips are far larger than the tolerance."""
    family, options, name, side, gain = next(
        listed for listed in reference.MEMBERS if listed[2] == "efficientnet_b0"
    )
    expected = np.array(STORED[name]["logits"])
    for slip in ({"padding": "same"}, {"norm_epsilon": 1e-3}, {"activation": "relu"}):
        spec = build(family, {**options, **slip})
        wrong_logits = logits(spec, reference.torch_shapes(spec), side, gain)
        assert np.abs(wrong_logits - expected).max() / np.abs(expected).max() > 1e-3, slip


@members([*reference.MEMBERS, *reference.NOT_STORED])
def test_logits_are_those_of_the_package(
    family: str, options: dict, name: str, side: int, gain: float
) -> None:
    pytest.importorskip("torchvision")
    if family == "efficientnet_lite":
        pytest.importorskip("efficientnet_lite_pytorch")
    if name.startswith("timm/"):
        pytest.importorskip("timm")
    theirs, expected = reference.reference(name, side, gain)
    spec, shapes = member(family, options, name)
    assert {name: np.prod(x) for name, x in shapes.items()} == {
        name: np.prod(x) for name, x in theirs.items()
    }
    difference = np.abs(logits(spec, theirs, side, gain) - expected).max() / np.abs(expected).max()
    assert difference < 1e-4


# Grouped convolutions and gates without PyTorch, by nets that the stored logits hold for.
SMALL_NET = {"depth": 50, "layout": "small", "width": 8, "num_classes": 3}


def test_a_grouped_convolution_is_a_dense_one_of_blocks() -> None:
    """PyTorch: an output in the j-th of g parts reads the j-th of g parts of the inputs."""
    grouped = arch.build("resnext", groups=4, width_per_group=2, **SMALL_NET)
    blocks = [[dataclasses.replace(b, groups=1) for b in stage] for stage in grouped.stages]
    dense = dataclasses.replace(grouped, family="resnet", stages=tuple(map(tuple, blocks)))
    state = reference.random_state(reference.torch_shapes(grouped), 3, 2.0)
    widened = dict(state)
    for name, shape in reference.torch_shapes(dense).items():
        if shape != state[name].shape:
            assert name.endswith("conv2.weight")
            widened[name] = np.zeros(shape, np.float32)
            filters, channels = shape[0] // 4, shape[1] // 4
            for j in range(4):
                rows = slice(j * filters, (j + 1) * filters)
                widened[name][rows, j * channels : (j + 1) * channels] = state[name][rows]
    assert sum(x.size for x in widened.values()) > sum(x.size for x in state.values())
    same = [applied(grouped, state), applied(dense, widened)]
    np.testing.assert_allclose(*same, rtol=1e-4, atol=1e-5 * np.abs(same[1]).max())


def test_constant_gates_are_factors_of_the_normalization_before_them() -> None:
    gated = arch.build("se_resnet", reduction=4, **SMALL_NET)
    plain = arch.build("resnet", **SMALL_NET)
    state = reference.random_state(reference.torch_shapes(gated), 3, 2.0)
    folded = {name: x for name, x in state.items() if ".se." not in name}
    for name in state:
        if name.endswith("se.fc2.weight"):
            state[name] = np.zeros_like(state[name])
            block = name.removesuffix("se.fc2.weight")
            gate = 1 / (1 + np.exp(-state[f"{block}se.fc2.bias"]))
            for leaf in ("weight", "bias"):
                folded[f"{block}bn3.{leaf}"] = gate * folded[f"{block}bn3.{leaf}"]
    same = [applied(gated, state), applied(plain, folded)]
    np.testing.assert_allclose(*same, rtol=1e-4, atol=1e-5 * np.abs(same[1]).max())


def test_names_and_shapes_of_grouped_and_gated_nets() -> None:
    resnet, resnext = (
        reference.torch_shapes(arch.build(family, depth=50)) for family in ("resnet", "resnext")
    )
    assert resnext.keys() == resnet.keys()
    assert resnext["layer1.0.conv1.weight"] == (128, 64, 1, 1)
    assert resnext["layer1.0.conv2.weight"] == (128, 4, 3, 3)
    assert resnext["layer4.2.conv2.weight"] == (1024, 32, 3, 3)
    assert resnext["layer4.2.conv3.weight"] == (2048, 1024, 1, 1)
    gates = reference.torch_shapes(arch.build("se_resnet", depth=50))
    gates = {name: shape for name, shape in gates.items() if name not in resnet}
    assert len(gates) == 16 * 4
    assert gates["layer4.2.se.fc1.weight"] == (128, 2048, 1, 1)
    assert gates["layer4.2.se.fc2.bias"] == (2048,)


def small_state(**options: object) -> tuple[arch.ArchSpec, dict[str, np.ndarray]]:
    spec = arch.build("mobilenet_v2", width_multiplier=0.1, num_classes=3, **options)
    return spec, reference.random_state(reference.torch_shapes(spec), 0, 2.0)


def test_the_variables_are_those_of_the_net() -> None:
    spec, state = small_state()
    network = nets.Network(spec)
    variables = nets.load_torch(spec, {**state, "features.0.1.num_batches_tracked": np.array(3)})
    expected = jax.eval_shape(lambda key: nets.init(network, key, (8, 8, 3)), jax.random.key(0))
    assert jax.tree.map(np.shape, variables) == jax.tree.map(np.shape, expected)
    assert {x.dtype for x in jax.tree.leaves(variables)} == {np.dtype("float32")}


def test_gray_images_and_nets_without_norm() -> None:
    spec = arch.build("vgg", depth=11, norm="none", layout="small", width=2, num_classes=3)
    state = reference.random_state(reference.torch_shapes(spec), 0, 2.0)
    state["features.0.weight"] = state["features.0.weight"][:, :1]
    variables = nets.load_torch(spec, state)
    assert variables.keys() == {"params"}
    assert variables["params"]["stem"]["conv"]["kernel"].shape == (3, 3, 1, 2)


def test_other_weights_are_refused() -> None:
    spec, state = small_state()
    state["extra.weight"] = state.pop("features.3.conv.2.weight")
    with pytest.raises(
        InputError,
        match=r"1 missing \(features.3.conv.2.weight, ...\), 1 unexpected \(extra.weight, ...\)",
    ):
        nets.load_torch(spec, state)
    spec, state = small_state()
    state["classifier.1.bias"] = np.zeros(4)
    with pytest.raises(
        InputError, match=r"classifier.1.bias has the shape \(4,\), expected \(3,\)"
    ):
        nets.load_torch(spec, state)
    spec, state = small_state()
    filters, channels, *_ = state["features.3.conv.2.weight"].shape  # of a 1x1 convolution
    state["features.3.conv.2.weight"] = np.zeros((filters, channels // 4, 2, 2))
    with pytest.raises(InputError, match=r"features.3.conv.2.weight has the shape .*2, 2\), exp"):
        nets.load_torch(spec, state)
    with pytest.raises(
        InputError, match="no torchvision names of weights are known for mobilenet_v1"
    ):
        nets.load_torch(arch.build("mobilenet_v1"), state)
