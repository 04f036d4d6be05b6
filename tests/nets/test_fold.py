"""A folded net has neither normalization nor branches, and the same logits."""

import jax
import numpy as np
import pytest
from flax import traverse_util
from sampled import sampled

from depthstudy import arch, nets
from depthstudy.arch import lowering
from depthstudy.arch.layer_types import BatchNorm, Parallel
from depthstudy.errors import InputError

NETS = [
    ("plain", {"depth": 14, "layout": "cifar", "width": 4, "branches": "repvgg"}),
    ("vgg", {"depth": 11, "layout": "small", "width": 4, "branches": "repvgg"}),
    ("vgg", {"depth": 11, "layout": "small", "width": 4}),
    ("resnet", {"depth": 8, "layout": "cifar", "width": 4, "shortcut": "B"}),
    ("resnet", {"depth": 8, "layout": "cifar", "width": 4, "skip_init": True}),
    ("resnet", {"depth": 8, "layout": "cifar", "width": 4, "norm": "none"}),
    ("se_resnet", {"depth": 8, "layout": "cifar", "width": 4, "reduction": 2}),
    ("resnext", {"depth": 50, "layout": "small", "width": 4, "groups": 2, "width_per_group": 2}),
    ("mobilenet_v3", {"variant": "small", "width_multiplier": 0.25, "depth_multiplier": 0.3}),
    ("shufflenet_v2", {"width_multiplier": 0.5, "depth_multiplier": 0.3}),
]


def random(network: nets.Network, shape: tuple[int, int, int]) -> dict:
    """Variables of which none is 0 or 1, kernels drawn as at the start of a training."""
    start = jax.jit(nets.init, static_argnums=(0, 2))(network, jax.random.key(0), shape)
    rng = np.random.default_rng(0)
    flat = traverse_util.flatten_dict(start)
    drawn = {
        path: x if path[-1] == "kernel" else rng.uniform(0.5, 1.5, x.shape).astype(np.float32)
        for path, x in flat.items()
    }
    return traverse_util.unflatten_dict(drawn)


@pytest.mark.parametrize(("family", "options"), sampled(NETS, 3))
def test_logits_stay(family: str, options: dict) -> None:
    spec = arch.build(family, num_classes=5, **options)
    network = nets.Network(spec)
    variables = random(network, (16, 16, 3))
    folded, fewer = nets.fold(spec, variables)
    everything = [x for s in lowering.sections(folded) for x in (*s.branch, *(s.shortcut or ()))]
    assert not any(isinstance(layer, BatchNorm | Parallel) for layer in everything)
    assert set(fewer) == {"params"}
    count = sum(x.size for x in jax.tree.leaves(fewer))
    assert count == arch.cost(folded, (16, 16, 3)).parameters
    images = np.random.default_rng(1).standard_normal((4, 16, 16, 3), np.float32)
    expected = np.asarray(jax.jit(network.apply)(variables, images))
    logits = np.asarray(jax.jit(nets.Network(folded).apply)(fewer, images))
    assert expected.std() > 1e-3
    np.testing.assert_allclose(logits, expected, atol=1e-5 * np.abs(expected).max())


def test_a_folded_repvgg_is_the_plain_net() -> None:
    options = {"depth": 8, "layout": "cifar"}
    spec = arch.build("plain", branches="repvgg", **options)
    variables = random(nets.Network(spec), (8, 8, 1))
    folded, _ = nets.fold(spec, variables)
    assert folded == arch.build("plain", norm="none", **options)


def test_preactivation_is_refused() -> None:
    spec = arch.build("preact_resnet", depth=8, layout="cifar")
    variables = random(nets.Network(spec), (8, 8, 1))
    with pytest.raises(InputError, match="no convolution before stage1/block01/norm1"):
        nets.fold(spec, variables)
