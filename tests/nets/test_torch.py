"""Weights by PyTorch's names give PyTorch's logits."""

import json

import jax
import numpy as np
import pytest
import torch_reference as reference

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets.torch.load import torch_shapes

FOUND = json.loads(reference.FIXTURE.read_text())
SLOW = ("wide_resnet50_2", "vgg16_bn", "efficientnet_b1")  # large, or like another
members = pytest.mark.parametrize(
    ("family", "options", "name", "side", "gain"),
    [
        pytest.param(*member, marks=pytest.mark.slow if member[2] in SLOW else (), id=member[2])
        for member in reference.MEMBERS
    ],
)


def build(family: str, options: dict) -> arch.ArchSpec:
    return arch.build(family, num_classes=reference.CLASSES, **options)


def shapes(spec: arch.ArchSpec) -> dict[str, tuple[int, ...]]:
    lite = spec.family == "efficientnet_lite"
    return torch_shapes(spec, "efficientnet_pytorch" if lite else "torchvision")


def logits(spec: arch.ArchSpec, side: int, gain: float) -> np.ndarray:
    state = reference.random_state(shapes(spec), reference.SEED, gain)
    variables = nets.load_torch(spec, state)
    images = reference.random_images(side, reference.SEED)
    return np.asarray(jax.jit(nets.Network(spec).apply)(variables, images))


@members
def test_logits_are_the_stored_ones(
    family: str, options: dict, name: str, side: int, gain: float
) -> None:
    """The stored ones are PyTorch's, for weights made in the same way."""
    spec = build(family, options)
    assert reference.digest(shapes(spec)) == FOUND[name]["names"]
    expected = np.array(FOUND[name]["logits"])
    # Were the two images' logits alike, a wrong layer could hide behind the biases.
    assert np.abs(expected[0] - expected[1]).max() > 0.01 * np.abs(expected).max()
    difference = np.abs(logits(spec, side, gain) - expected).max() / np.abs(expected).max()
    assert difference < 1e-4


def test_a_wrong_option_shows_in_the_logits() -> None:
    """Padding, epsilon and activation: the usual slips are far larger than the tolerance."""
    family, options, name, side, gain = next(
        member for member in reference.MEMBERS if member[2] == "efficientnet_b0"
    )
    expected = np.array(FOUND[name]["logits"])
    for slip in ({"padding": "same"}, {"norm_epsilon": 1e-3}, {"activation": "relu"}):
        found = logits(build(family, {**options, **slip}), side, gain)
        assert np.abs(found - expected).max() / np.abs(expected).max() > 1e-3, slip


@members
def test_logits_are_torchvisions(
    family: str, options: dict, name: str, side: int, gain: float
) -> None:
    pytest.importorskip("torchvision")
    if family == "efficientnet_lite":
        pytest.importorskip("efficientnet_lite_pytorch")
    theirs, expected = reference.reference(name, side, gain)
    spec = build(family, options)
    assert shapes(spec) == theirs
    difference = np.abs(logits(spec, side, gain) - expected).max() / np.abs(expected).max()
    assert difference < 1e-4


def small_state(**options: object) -> tuple[arch.ArchSpec, dict[str, np.ndarray]]:
    spec = arch.build("mobilenet_v2", width=0.1, num_classes=3, **options)
    return spec, reference.random_state(torch_shapes(spec), 0, 2.0)


def test_the_variables_are_those_of_the_net() -> None:
    spec, state = small_state()
    network = nets.Network(spec)
    variables = nets.load_torch(spec, {**state, "features.0.1.num_batches_tracked": np.array(3)})
    expected = jax.eval_shape(lambda key: nets.init(network, key, (8, 8, 3)), jax.random.key(0))
    assert jax.tree.map(np.shape, variables) == jax.tree.map(np.shape, expected)
    assert {x.dtype for x in jax.tree.leaves(variables)} == {np.dtype("float32")}


def test_gray_images_and_nets_without_norm() -> None:
    spec = arch.build("vgg", depth=11, norm="none", layout="small", width=2, num_classes=3)
    state = reference.random_state(torch_shapes(spec), 0, 2.0)
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
    with pytest.raises(
        InputError, match="no torchvision names of weights are known for mobilenet_v1"
    ):
        nets.load_torch(arch.build("mobilenet_v1"), state)
