"""Weights that are written by torchvision's names are those that were read."""

import math

import jax
import numpy as np
import pytest
import torch_reference as reference

from depthstudy import arch, nets
from depthstudy.errors import InputError

SLOW = ("vgg11", "timm/vgg11_bn", "wide_resnet50_2", "vgg16_bn", "efficientnet_b1")
MEMBERS = [
    pytest.param(family, options, marks=pytest.mark.slow if name in SLOW else (), id=name)
    for family, options, name, *_ in [*reference.MEMBERS, *reference.NOT_STORED]
    if family != "efficientnet_lite"
]


@pytest.mark.parametrize(("family", "options"), MEMBERS)
def test_what_is_written_is_what_was_read(family: str, options: dict) -> None:
    spec = arch.build(family, num_classes=reference.CLASSES, **options)
    state = {  # no two arrays are the same, and no random numbers are drawn by the million
        name: np.arange(first, first + math.prod(shape), dtype=np.float32).reshape(shape)
        for first, (name, shape) in enumerate(reference.torch_shapes(spec).items())
    }
    written = nets.save_torch(spec, nets.load_torch(spec, state))
    assert written.keys() == state.keys()
    for name, array in state.items():
        np.testing.assert_array_equal(written[name].reshape(array.shape), array, err_msg=name)


def drawn(spec: arch.ArchSpec) -> nets.Variables:
    shapes = jax.eval_shape(lambda: nets.init(nets.build(spec), jax.random.key(0), (32, 32, 3)))
    random = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: random.uniform(1, 2, leaf.shape).astype(np.float32), shapes)


def test_a_normalization_of_the_head_has_a_name_of_its_own() -> None:
    spec = arch.build("wide_resnet", depth=10, width_multiplier=1)
    variables = drawn(spec)
    state = nets.save_torch(spec, variables)
    head = {name for name in state if name.startswith(("norm.", "fc."))}
    assert head == {
        *(f"norm.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")),
        *(f"fc.{leaf}" for leaf in ("weight", "bias")),
    }
    jax.tree.map(np.testing.assert_array_equal, nets.load_torch(spec, state), variables)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("resnet", {"depth": 18, "skip_init": True}, "has skip_init, which this one has"),
        ("regnet", {"skip_init": True, "norm": "none"}, "has skip_init, which this one has"),
        ("efficientnet", {"norm": "group"}, "name is known for stage1/block01/norm1"),
        ("efficientnet_v2", {"norm": "group"}, "name is known for stage1/block01/norm1"),
        ("mobilenet_v3", {"norm": "group"}, "name is known for stage1/block01/norm1"),
        ("vgg", {"depth": 11, "norm": "layer"}, "name is known for stem/norm"),
    ],
)
def test_layers_that_torchvision_has_not_are_refused(
    family: str, options: dict, message: str
) -> None:
    spec = arch.build(family, **options)
    with pytest.raises(InputError, match=message):
        nets.save_torch(spec, {"params": {}})
    with pytest.raises(InputError, match=message):
        nets.load_torch(spec, {})


def test_a_family_that_torchvision_has_not_is_refused() -> None:
    spec = arch.build("mobilenet_v1")
    variables = {"params": {}, "batch_stats": {}}
    with pytest.raises(InputError, match="no torchvision names of weights are known"):
        nets.save_torch(spec, variables)
