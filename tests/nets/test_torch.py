"""Weights by PyTorch's names give PyTorch's logits."""

import json

import jax
import numpy as np
import pytest
import torch_reference as reference

from depthstudy import arch, nets
from depthstudy.errors import InputError
from depthstudy.nets.torch_import import torch_shapes

FOUND = json.loads(reference.FIXTURE.read_text())
SLOW = ("resnet50", "wide_resnet50_2", "vgg16_bn", "efficientnet_b1", "efficientnet_b5")
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
