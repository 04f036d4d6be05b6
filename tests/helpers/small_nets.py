"""Small members of every family, all of whose variables are random, as if trained."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from depthstudy import arch, nets, prune

_CIFAR = {"depth": 20, "layout": "cifar", "width": 6}
_SMALL = {"layout": "small", "num_classes": 5}
MEMBERS: list[tuple[str, dict]] = [
    ("plain", _CIFAR),
    ("plain", {**_CIFAR, "norm": "none"}),
    *[
        (family, {**_CIFAR, "shortcut": shortcut, "norm": norm})
        for family in ("resnet", "preact_resnet")
        for shortcut in ("A", "B", "C")
        for norm in ("batch", "none")
        if shortcut == "B" or (family, norm) == ("resnet", "batch")
    ],
    ("preact_resnet", {**_CIFAR, "residual": False}),
    ("preact_resnet", {**_CIFAR, "norm": "none", "skip_init": True}),
    ("plain", {**_CIFAR, "branches": "repvgg"}),
    ("vgg", {"depth": 11, "width": 4, "layout": "small", "branches": "repvgg"}),
    ("resnet", {"depth": 50, "layout": "small", "width": 4}),
    ("resnet", {"depth": 50, "layout": "small", "width": 4, "norm": "none", "shortcut": "A"}),
    ("preact_resnet", {"depth": 50, "layout": "small", "width": 4}),
    ("resnext", {"depth": 50, "layout": "small", "width": 4, "groups": 4, "width_per_group": 2}),
    ("se_resnet", {**_CIFAR, "reduction": 2}),
    ("se_resnet", {"depth": 50, "layout": "small", "width": 4, "reduction": 4, "norm": "none"}),
    ("wide_resnet", {"depth": 10, "width_multiplier": 1, "dropout": 0.2}),
    ("staged", {"stages": "preact_basic_r2_c6 inverted_r2_s2_e2_c8_se2", "width": 6}),
    ("staged", {"stages": "bottleneck_r2_e2_c8_se4 separable_r2_s2_c8_noskip", "width": 6}),
    ("vgg", {"depth": 11, "width": 4, "layout": "small", "num_classes": 5}),
    ("vgg", {"depth": 11, "width": 4, "norm": "none", "num_classes": 5}),
    ("mobilenet_v1", {**_SMALL, "width_multiplier": 0.25}),
    ("mobilenet_v2", {**_SMALL, "width_multiplier": 0.25}),
    ("mobilenet_v2", {**_SMALL, "width_multiplier": 0.25, "residual": False, "norm": "none"}),
    ("mobilenet_v3", {**_SMALL, "width_multiplier": 0.5, "variant": "small"}),
    ("mobilenet_v3", {**_SMALL, "width_multiplier": 0.5, "norm": "none"}),
    ("shufflenet_v1", {**_SMALL, "width_multiplier": 0.5}),
    ("shufflenet_v1", {**_SMALL, "groups": 2, "width_multiplier": 0.3, "norm": "none"}),
    ("shufflenet_v1", {**_SMALL, "groups": 4}),
    ("shufflenet_v1", {**_SMALL, "width_multiplier": 0.5, "residual": False}),
    ("shufflenet_v1", {**_SMALL, "groups": 1, "width_multiplier": 0.5}),
    ("shufflenet_v2", {**_SMALL, "width_multiplier": 0.5}),
    ("shufflenet_v2", {**_SMALL, "width_multiplier": 0.25, "norm": "none"}),
    ("shufflenet_v2", {**_SMALL, "width_multiplier": 0.5, "residual": False}),
    ("efficientnet", {**_SMALL, "width_multiplier": 0.25}),
    ("efficientnet_lite", {**_SMALL, "width_multiplier": 0.25}),
    ("efficientnet_v2", {**_SMALL, "width_multiplier": 0.25, "depth_multiplier": 0.2}),
    ("convnext", {**_SMALL, "width_multiplier": 0.1, "depth_multiplier": 0.4, "norm": "batch"}),
    ("densenet", {"depth": 22, "layout": "cifar", "growth_rate": 4}),
    ("densenet", {"depth": 22, "layout": "cifar", "growth_rate": 4, "residual": False}),
    ("regnet", {**_SMALL, "width_multiplier": 0.25, "depth_multiplier": 0.5}),
    ("resnet_d", _CIFAR),
    ("resnet_d", {"depth": 18, "layout": "small", "width": 4}),
]
IDS = [f"{family}-{'-'.join(map(str, options.values()))}" for family, options in MEMBERS]


def made(
    family: str, options: dict, side: int = 16, seed: int = 0
) -> tuple[arch.ArchSpec, nets.Variables]:
    spec = cut(arch.build(family, **options))
    return spec, drawn(spec, side, seed)


def drawn(spec: arch.ArchSpec, side: int = 16, seed: int = 0) -> nets.Variables:
    """Returns random weights, running statistics and biases."""
    random = np.random.default_rng(seed)

    def draw(path: tuple, leaf: jax.ShapeDtypeStruct) -> jax.Array:
        match path[-1].key:
            case "kernel":
                fan_in = leaf.size // leaf.shape[-1]
                return jnp.asarray(random.normal(0, (2 / fan_in) ** 0.5, leaf.shape), jnp.float32)
            case "var":
                return jnp.asarray(random.uniform(0.5, 1.5, leaf.shape), jnp.float32)
        return jnp.asarray(random.uniform(0.1, 1, leaf.shape), jnp.float32)

    return jax.tree_util.tree_map_with_path(draw, shapes(spec, side))


def cut(spec: arch.ArchSpec) -> arch.ArchSpec:
    """Returns the value with few blocks and few hidden features."""
    hidden = tuple(12 + i for i, _ in enumerate(spec.head.hidden))
    head = dataclasses.replace(spec.head, hidden=hidden)
    count = 3 if spec.family == "mobilenet_v3" else 2  # its third stage has gates
    return dataclasses.replace(spec, stages=tuple(s[:2] for s in spec.stages[:count]), head=head)


def shapes(spec: arch.ArchSpec, side: int = 16) -> nets.Variables:
    return jax.eval_shape(lambda: nets.init(nets.Network(spec), jax.random.key(0), (side, side, 3)))


def logits(spec: arch.ArchSpec, variables: nets.Variables, side: int = 16) -> np.ndarray:
    images = np.random.default_rng(1).standard_normal((3, side, side, 3), np.float32)
    return np.asarray(_apply(nets.Network(spec), variables, images))


@functools.partial(
    jax.jit,
    static_argnames="network",
    compiler_options={"xla_backend_optimization_level": 0},  # to compile is what takes time
)
def _apply(network: nets.Network, variables: nets.Variables, images: jax.Array) -> jax.Array:
    return network.apply(variables, images)


def masked(
    spec: arch.ArchSpec, variables: nets.Variables, keep: dict[str, list[bool]]
) -> nets.Variables:
    """Returns variables whose channels that go are zero, wherever they are."""
    params = jax.device_get(variables["params"])
    masks = prune.channel_masks(spec, params, keep)
    return {**variables, "params": jax.tree.map(np.multiply, params, masks)}


def drawn_keep(spec: arch.ArchSpec, share: float = 0.5, seed: int = 2) -> dict[str, list[bool]]:
    """Returns a random choice of units in every group."""
    random = np.random.default_rng(seed)
    keep = {}
    for group in arch.channel_groups(spec):
        stays = random.random(len(group.units)) < share
        stays[random.integers(len(stays))] = True
        if stays.all():
            stays[0] = False
        keep[group.name] = stays.tolist()
    return keep
